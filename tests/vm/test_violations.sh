#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# On a kernel whose fsync does not flush, check finds violations in every run,
# with evidence, whether the work converts soon or late.
# kernel: 6.12-nofsync
# disks: 256M
# tags: check
# limit: 300
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

summary() { jq -r ".$1" "$WORK/summary.json"; }
make_ext4 /dev/vda

round() {
	local name=$1 batch_ms=$2
	shift 2
	defer /dev/vda "$batch_ms"
	rm -f "$MOUNT/file"
	fallocate -l 4M "$MOUNT/file"
	sync
	status_is "$name: exit status" 1 "$CONVLIST" check --summary "$WORK/summary.json" -- \
		fio --name=v --filename="$MOUNT/file" --size=4M --fallocate=none --rw=randwrite --bs=4k \
		--direct=1 --iodepth=16 --fsync=32 --output=/dev/null "$@"
	cp "$WORK/said" "$WORK/report"
	equal "$name: verdict" "$(summary verdict)" violation
	at_least "$name: violations" "$(summary violations)" 1
	equal "$name: nothing is lost" "$(summary lost)" 0
}

for i in 1 2 3 4 5; do
	round "libaio, held, round $i" 200 --ioengine=libaio
done
round 'libaio, late' 20 --ioengine=libaio
# The last one is looked at below: held for longer than an fsync takes, so converted after it.
round 'io_uring, held' 200 --ioengine=io_uring

check 'evidence: the rule' grep -q converted_before_fsync_returns "$WORK/report"
check 'evidence: the file' grep -q "$MOUNT/file" "$WORK/report"
check 'evidence: who wrote' grep -q fio "$WORK/report"

# The story to its end: what became of the write, and where more of it is.
check 'evidence: what became of it' grep -q '^  later  *converted_after=[0-9.]*[mu]*s ' "$WORK/report"
mkdir "$WORK/a run"
status_is 'evidence: recorded' 1 "$CONVLIST" check --max-violations 1 --record "$WORK/a run/rec" -- \
	fio --name=v --filename="$MOUNT/file" --size=1M --offset=4M --rw=randwrite --bs=4k --direct=1 \
	--ioengine=libaio --iodepth=16 --fsync=32 --fallocate=posix --output=/dev/null
sed -n 's/^  more  *//p' "$WORK/said" >"$WORK/more"
id=$(sed -nE '/^violation/,/^  write/s/^  write  *(write_id=[0-9]+) .*/\1/p' "$WORK/said")
equal 'evidence: one write, one command' "$(wc -w <<<"$id") $(wc -l <"$WORK/more")" '1 1'
check 'evidence: its command shows the write' grep -q "  write .* $id " \
	<(PATH=$(dirname "$CONVLIST"):$PATH bash "$WORK/more")
