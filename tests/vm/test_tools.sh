#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Programs that people use on files whose writes are listed: copies are complete,
# sparse or not; defragmentation, swap files and loop devices work.
# kernel: 6.12
# disks: 1G
# tags: series
# limit: 400
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/hold.sh"

# 64 written blocks in 16 MiB of preallocated space; the cache knows none of them.
hold_sparse() {
	file=$MOUNT/file
	rm -rf "$MOUNT"/[!l]*
	sync -f "$MOUNT"
	fallocate -l 16M "$file"
	blocks_job hold --size=16M --io_size=256k --do_verify=0
	at_least "$1: writes are held" "$(pending_count "$DEVICE")" 64
}

# copied NAME COMMAND [ARGUMENT...]: COMMAND makes $MOUNT/copy of $file.
copied() {
	local name=$1
	shift
	hold_sparse "$name"
	check "$name: ends well" "$@"
	check "$name: the copy is the file" cmp "$MOUNT/file" "$MOUNT/copy"
}

make_and_defer() {
	make_ext4 "$DEVICE"
	defer "$DEVICE" 60000
}

# The last copy, and what it was compared with, are what was written.
last_copy_has_the_data() {
	file=$MOUNT/copy
	check "$1: the copy has the data" blocks_job verify --size=16M --io_size=256k --verify_only
	umount "$MOUNT"
}

with_tar() { # OPTION...
	mkdir "$MOUNT/from_tar"
	tar -C "$MOUNT" "$@" -cf "$MOUNT/archive" file
	tar -C "$MOUNT/from_tar" -xf "$MOUNT/archive"
	mv "$MOUNT/from_tar/file" "$MOUNT/copy"
}

with_sendfile() { xfs_io -f -c "sendfile -i $file 0 16M" "$MOUNT/copy"; }

copies() {
	make_and_defer
	copied 'cp --sparse=never' cp --sparse=never "$MOUNT/file" "$MOUNT/copy"
	copied 'cp --reflink=auto' cp --reflink=auto "$MOUNT/file" "$MOUNT/copy"
	copied 'tar' with_tar
	copied 'rsync' rsync "$MOUNT/file" "$MOUNT/copy"
	copied 'rsync --sparse' rsync --sparse "$MOUNT/file" "$MOUNT/copy"
	copied 'dd iflag=direct' dd if="$MOUNT/file" of="$MOUNT/copy" bs=1M iflag=direct
	copied 'sendfile' with_sendfile
	last_copy_has_the_data sendfile
}

copies_without_holes() {
	make_and_defer
	copied 'cp' cp "$MOUNT/file" "$MOUNT/copy"
	copied 'cp --sparse=always' cp --sparse=always "$MOUNT/file" "$MOUNT/copy"
	copied 'tar --sparse' with_tar --sparse
	last_copy_has_the_data 'tar --sparse'
}

# guard: fiemap
filefrag_sees_data() {
	make_and_defer
	hold_sparse filefrag
	equal 'filefrag: 64 blocks are written' "$(filefrag -v -b4096 "$file" |
		awk '/^ *[0-9]+:/ && !/unwritten/ { sub(":", "", $6); n += $6 } END { print n }')" 64
	umount "$MOUNT"
}

# A file in pieces, by turns with another.
defragmented() {
	local i
	make_ext4 "$DEVICE"
	file=$MOUNT/file
	for ((i = 0; i < 16; i++)); do
		fallocate -o $((i * 65536)) -l 65536 "$file"
		fallocate -o $((i * 65536)) -l 65536 "$MOUNT/other"
	done
	defer "$DEVICE" 60000
	blocks_job hold --size=1M --io_size=256k --do_verify=0
	at_least 'e4defrag: writes are held' "$(pending_count "$DEVICE")" 64
	in_time 'e4defrag: ends' 30 e4defrag "$file"
	check 'e4defrag: the data is there' blocks_job verify --size=1M --io_size=256k --verify_only
	umount "$MOUNT"
	check 'e4defrag: e2fsck' e2fsck -fn "$DEVICE"
}

some_pending() { ! none_pending; }

# A file system in a preallocated file: the loop device writes it directly, and its
# flush is the promise.
loop_device() {
	local loop writer
	make_ext4 "$DEVICE"
	defer "$DEVICE" 60000
	file=$MOUNT/image
	fallocate -l 256M "$file"
	loop=$(losetup -f --show --direct-io=on "$file")
	# In smaller blocks than those of the file, writes would be unaligned.
	mkfs.ext4 -q -F -b 4096 -E nodiscard "$loop"
	mkdir -p "$MOUNT/inside"
	# Its commits flush, too: not before we look.
	mount -o commit=300 "$loop" "$MOUNT/inside"
	file=$MOUNT/inside/file
	# On a slow machine what was written first may be over when the last is written.
	write_blocks 2048 &
	writer=$!
	check 'loop device: writes are held' wait_for 60 some_pending
	wait "$writer"
	check 'loop device: sync inside' sync "$file"
	equal 'loop device: nothing is pending' "$(awk '$2 == "listed"' "/proc/fs/ext4/vda/aio_dio_pending" | wc -l)" 0
	check 'loop device: the data is there' data_is_there
	umount "$MOUNT/inside"
	losetup -d "$loop"
	check 'loop device: e2fsck inside' e2fsck -fn "$MOUNT/image"
	umount "$MOUNT"
}

run_cases 'copies copies_without_holes filefrag_sees_data defragmented loop_device' "$@"
