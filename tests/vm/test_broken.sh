#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A kernel on which one promise after the other is broken on purpose: check finds just
# that one, and nothing as long as all are kept.
# kernel: 6.12-unguarded
# disks: 256M
# tags: check
# limit: 500
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/failslab.sh"

PARAMETER=/sys/module/ext4/parameters/unguarded

summary() { jq -r ".$1" "$WORK/summary.json"; }
# Whatever the program is warned of: that is not what this is about.
verdict() { summary verdict | sed 's/^warning$/ok/'; }
broken() { jq -r '.rules[] | select(.violations > 0).rule' "$WORK/summary.json" | xargs; }
held() { jq -r ".rules[] | select(.rule == \"$1\").held" "$WORK/summary.json"; }

prepare() {
	rm -f "$MOUNT/file" "$WORK/summary.json"
	fallocate -l 256k "$MOUNT/file"
	sync
}

# judged NAME GUARD STATUS COMMAND...: with that guard out.
judged() {
	local name=$1 guard=$2 status=$3
	shift 3
	echo "$guard" >$PARAMETER
	status_is "$name: exit status" "$status" "$CONVLIST" check --reads --summary "$WORK/summary.json" \
		--record "$WORK/rec" -- "$@"
	echo >$PARAMETER
	[[ -s $WORK/summary.json ]] || die "$name: no summary: $(tail -n 3 "$WORK/said")"
	cp "$WORK/said" "$WORK/report"
	equal "$name: nothing is lost" "$(summary lost)" 0
}

# both NAME GUARD RULE COMMAND...: without the guard, and with it.
both() {
	local name=$1 guard=$2 rule=$3
	shift 3
	prepare
	judged "$name" '' 0 "$@"
	equal "$name: verdict, broken" "$(verdict) $(broken)" 'ok '
	at_least "$name: judged" "$(held "$rule")" 1
	prepare
	judged "$name, broken" "$guard" 1 "$@"
	equal "$name, broken: just that rule" "$(broken)" "$rule"
	check "$name, broken: it is told" grep -q "^  rule  *$rule\$" "$WORK/report"
	status_is "$name, broken: the recording says the same" 1 "$CONVLIST" check "$WORK/rec"
}

FIO=(fio --name=b --filename=/mnt/vda/file --size=256k --rw=randwrite --bs=4k --direct=1
	--ioengine=libaio --iodepth=8 --fallocate=none --output=/dev/null)

make_ext4 /dev/vda
defer /dev/vda 20
both 'converted once' once converted_once "${FIO[@]}" --fsync=16
both 'committed' commit committed_before_fsync_returns "${FIO[@]}" --fsync=16
# On the device before fsync begins. Of sync_range's options the last one counts.
both 'committed, writeback' commit committed_before_fsync_returns xfs_io -c 'pwrite -q 0 256k' \
	-c 'sync_range -w 0 256k' -c 'sync_range -a 0 256k' -c fsync "$MOUNT/file"
check 'committed, writeback, broken: it is told' grep -q '^  write .* via=writeback ' "$WORK/report"
both 'O_DSYNC' defer_dsync,fsync dsync_durable_at_completion "${FIO[@]}" --sync=dsync

# Held, and then taken off the file: what is written there next is not theirs.
cat >"$WORK/take_off" <<-SCRIPT
	${FIO[@]}
	truncate -s 0 $MOUNT/file
	fallocate -l 256k $MOUNT/file
	xfs_io -c fsync $MOUNT/file
	xfs_io -c fsync $MOUNT/file
SCRIPT
defer /dev/vda 60000
both 'converted before truncate' wait_truncate,wait_fallocate converted_once bash "$WORK/take_off"
check 'converted before truncate, broken: it is told' grep -q '^  again .* removed=[0-9]' "$WORK/report"

# Held, and two blocks of it are read, then others through the page cache, each in its way.
cat >"$WORK/read" <<-SCRIPT
	${FIO[@]} --verify=crc32c --do_verify=0
	dd if=$MOUNT/file of=$WORK/got bs=4k skip=2 count=2 iflag=direct status=none
	dd if=$MOUNT/file of=$WORK/got_buffered bs=4k skip=8 count=1 status=none
	xfs_io -f -c 'sendfile -i $MOUNT/file 65536 4096' $WORK/got_spliced
	xfs_io -r -c 'mmap -r 128k 4k' -c 'mread 128k 4k' $MOUNT/file
SCRIPT
both 'a read' read,splice,fault read_sees_completed_write bash "$WORK/read"
equal 'a read, broken: it gets zeros' \
	"$(cat "$WORK/got"* | wc -c) $(cat "$WORK/got"* | tr -d '\0' | wc -c)" '16384 0'
equal 'a read, broken: just these blocks are told' \
	"$(sed -nE 's/^  read .*offset=([0-9]+) unseen_size=([0-9]+) .* direct=([a-z]+) .*/\1+\2,\3/p' \
		"$WORK/report" | xargs)" \
	'8192+4096,yes 12288+4096,yes 32768+4096,no 65536+4096,no 131072+4096,no'
equal 'a read, broken: and no more' "$(summary violations)" 5
sed '/^violation/,/^  read/!d; /^  read/q' "$WORK/report"

# Held until an fsync converts them, which fails for want of memory.
cat >"$WORK/meet" <<-SCRIPT
	${FIO[@]}
	echo 100 >$SLAB/probability
	xfs_io -c fsync $MOUNT/file >$WORK/fsync 2>&1
	echo 0 >$SLAB/probability
SCRIPT
if ! can_fail_below; then
	skip 'an error of a conversion' 'this kernel cannot make allocations fail by call chain'
	exit "$FAILED"
fi
fail_below jbd2__journal_start
both 'an error of a conversion' error,fsync_error conversion_error_reaches_fsync bash "$WORK/meet"
equal 'an error of a conversion, broken: fsync does not fail' "$(cat "$WORK/fsync")" ''
fail_nowhere
