#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The power goes right after fsync has returned: what it promised is there after
# the next boot on the series, and is missing on the kernel without the flush in
# fsync, which shows that this test can fail.
# kernel: 6.12 6.12-nofsync
# runs: host
# tags: crash
# limit: 240
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

blocks=2048 per_fsync=32
disk=$WORK/disk.img
vm=("$TOP/tests/vm/vm" -q -k "$KERNEL" -d "$disk")

write_and_lose_power() {
	"${vm[@]}" -- bash -c ". '$TOP/tests/lib/test.sh'; make_ext4 /dev/vda; defer /dev/vda $1
		'$TOP/out/workload/promise' write \$MOUNT/file $blocks $per_fsync
		power_cut"
}

read_back() {
	"${vm[@]}" -- bash -c "mkdir -p /mnt/a; mount /dev/vda /mnt/a &&
		'$TOP/out/workload/promise' verify /mnt/a/file $blocks $1; umount /mnt/a
		e2fsck -fn /dev/vda >/dev/null 2>&1 || echo 'e2fsck found errors'"
}

cut() {
	local batch_ms=$1 status=0 promised result
	rm -f "$disk"
	truncate -s 256M "$disk"
	write_and_lose_power "$batch_ms" >"$WORK/promises" || status=$?
	equal "power cut, batch $batch_ms ms: the power went" "$status" 125
	promised=$(awk '/^promised/ { n += $3 } END { print n + 0 }' "$WORK/promises")
	equal "power cut, batch $batch_ms ms: fsync promised all blocks" "$promised" "$blocks"
	result=$(read_back "$promised")
	case $KERNEL in
	*nofsync*) lost "$batch_ms" "$result" ;;
	*) equal "power cut, batch $batch_ms ms: what was promised is there" "$result" \
		"promised $promised missing 0 old 0" ;;
	esac
}

lost() {
	local missing
	missing=$(sed -n 's/.*missing \([0-9]*\) .*/\1/p' <<<"$2")
	at_least "power cut, batch $1 ms: the broken kernel has lost what it promised" "${missing:-0}" 1
}

case $KERNEL in
*nofsync*) cut 30000 ;;
*) cut 0 && cut 30000 ;;
esac
