#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A ring buffer that is too small loses facts: the verdict is inconclusive, status
# 4, never ok. On a kernel that breaks its promise it may be a violation as well:
# what was found before the first loss stands.
# kernel: 6.12 6.12-nofsync
# disks: 256M
# tags: check
# limit: 180
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

summary() { jq -r ".$1" "$WORK/summary.json"; }
make_ext4 /dev/vda
defer /dev/vda 50

for round in 1 2 3; do
	fallocate -l 8M "$MOUNT/file"
	sync
	status=0
	"$CONVLIST" check --buffer 4K --summary "$WORK/summary.json" -- fio --name=l \
		--filename="$MOUNT/file" --size=8M --fallocate=none --rw=randwrite --bs=4k --direct=1 \
		--ioengine=libaio --iodepth=32 --fsync=32 --output=/dev/null >"$WORK/said" 2>&1 || status=$?
	case $KERNEL:$status in
	*nofsync*:1) wanted=violation ;;
	*) wanted=inconclusive ;;
	esac
	[[ $wanted == violation ]] || equal "loss, round $round: exit status" "$status" 4
	equal "loss, round $round: verdict" "$(summary verdict)" "$wanted"
	at_least "loss, round $round: facts lost" "$(summary lost)" 1
	check "loss, round $round: said so" grep -qi 'lost' "$WORK/said"
	rm "$MOUNT/file"
done
