#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Between completion and conversion nothing shows zeros or old data, and nobody
# waits for the work, on the shapes of file system that people use.
# kernel: 6.12
# disks: 256M
# tags: series
# limit: 600
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/dm.sh"
. "$TOP/tests/lib/window.sh"

fill_with_old_data /dev/vda

# shape NAME [MKFS OPTION...] [-- MOUNT OPTION...]; OPTIONS are for the program.
OPTIONS=()
shape() {
	local name=$1 device=${DEVICE:-/dev/vda}
	shift
	make_ext4 "$device" "${KEEP_OLD_DATA[@]}" "$@"
	# Nothing is converted unless somebody needs it.
	defer "$device" 60000
	window "window $name" "$device" "$MOUNT" "${OPTIONS[@]}"
	at_least "window $name: all cases ran" "$(wc -l <"$WORK/cases")" 70
	umount "$MOUNT"
	check "window $name: e2fsck" e2fsck -fn "$device"
}

shape 4k -O verity
OPTIONS=(-u)
shape io_uring
OPTIONS=()
shape 1k -b 1024 -O verity
shape nodelalloc -- -o nodelalloc
shape dioread_lock -- -o dioread_lock
shape no_journal -O ^has_journal
shape bigalloc -O bigalloc -C 16384
OPTIONS=(-x "swap_boot=it warns on stock as well: no journal credits for quota")
shape quota -O quota,project
OPTIONS=()
# Between those above, or close to one of them.
if [[ -n ${CONVLIST_LONG:-} ]]; then
	shape 2k -b 2048
	shape nodelalloc,dioread_lock -- -o nodelalloc,dioread_lock
	shape writeback -- -o data=writeback
fi

four_k_sectors() {
	local loop
	loop=$(losetup -f --show -b 4096 --direct-io=on /dev/vda)
	equal '4k sectors: the device has them' "$(blockdev --getss "$loop")" 4096
	DEVICE=$loop shape '4k sectors'
	losetup -d "$loop"
}
four_k_sectors

# Almost half a second for each write: what is done meanwhile is done in flight.
slow_writes() {
	local device sectors
	sectors=$(blockdev --getsz /dev/vda)
	device=$(dm_create slow "0 $sectors delay /dev/vda 0 0 /dev/vda 0 0")
	make_ext4 "$device" "${KEEP_OLD_DATA[@]}"
	defer "$device" 60000
	dm_reload slow "0 $sectors delay /dev/vda 0 0 /dev/vda 0 400"
	window 'window in flight' "$device" "$MOUNT" -s
	umount "$MOUNT"
	check 'window in flight: e2fsck' e2fsck -fn "$device"
	dmsetup remove slow
}
slow_writes

# never_listed NAME [MKFS OPTION...] [-- MOUNT OPTION...]
never_listed() {
	local name=$1
	shift
	make_ext4 /dev/vda "$@"
	defer /dev/vda 60000
	fallocate -l 1M "$MOUNT/file"
	fio_json never --filename="$MOUNT/file" --size=1M --rw=randwrite --bs=4k --direct=1 \
		--ioengine=libaio --iodepth=16 --fallocate=none --verify=crc32c
	equal "$name: nothing is ever listed" "$(pending_count /dev/vda)" 0
	umount "$MOUNT"
	check "$name: e2fsck" e2fsck -fn /dev/vda
}

# Journalled data is not written directly.
never_listed data=journal -- -o data=journal
# Fast commits do not always keep what fsync has promised; nothing is put off there.
never_listed fast_commit -O fast_commit
