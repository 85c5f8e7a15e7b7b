#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# 102,400 writes and 3,200 fsyncs of four jobs at once on the series: no
# violation, nothing lost, the data is what was written, and e2fsck finds nothing.
# kernel: 6.12
# disks: 1G
# tags: check
# limit: 600
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

make_ext4 /dev/vda
defer /dev/vda 0
files=()
for i in 0 1 2 3; do
	fallocate -l 100M "$MOUNT/file.$i"
	files+=("--name=job$i" "--filename=$MOUNT/file.$i")
done
sync
status_is 'soak: exit status' 0 "$CONVLIST" check --summary "$WORK/summary.json" -- \
	fio --output-format=json --output="$WORK/fio.json" --ioengine=libaio --direct=1 --bs=4k \
	--iodepth=16 --rw=randwrite --size=100M --fsync=32 --end_fsync=1 --fallocate=none \
	--verify=crc32c --verify_fatal=1 "${files[@]}"
summary() { jq -r ".$1" "$WORK/summary.json"; }
equal 'soak: writes' "$(summary writes)" "$(jq '[.jobs[].write.total_ios] | add' "$WORK/fio.json")"
at_least 'soak: writes' "$(summary writes)" 100000
at_least 'soak: fsyncs' "$(summary fsyncs)" 3000
at_least 'soak: some were deferred' "$(summary listed)" 90000
equal 'soak: violations' "$(summary violations)" 0
equal 'soak: lost' "$(summary lost)" 0
equal 'soak: verdict' "$(summary verdict)" ok
equal 'soak: fio verified the data' "$(jq '[.jobs[].error] | add' "$WORK/fio.json")" 0
umount "$MOUNT"
check 'soak: e2fsck' e2fsck -fn /dev/vda
