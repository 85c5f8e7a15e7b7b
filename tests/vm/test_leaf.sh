#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Completed writes in the same leaf of the extent tree are converted together. The
# blocks that are written afterwards are those that stock would have, the tree is
# sound, and nobody sees a leaf that is ahead of its checksum.
# kernel: 6.12
# disks: 512M
# tags: series
# limit: 150
# long-limit: 600
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/hold.sh"

PARAMETERS=/sys/module/ext4/parameters

# scattered FILE OPTION...: parts of it are written, the same ones whenever the
# options are the same.
scattered() {
	file=$1
	shift
	fallocate -l 24M "$file"
	fio_json scattered --filename="$file" --size=24M --rw=randwrite --direct=1 --ioengine=libaio \
		--iodepth=16 --fallocate=none --verify=crc32c --do_verify=0 "$@"
	sync "$file"
}

# Which blocks are unwritten, and which not: as few lines as possible.
block_map() {
	filefrag -v -b"$2" "$1" | tr -d ':,.' | awk '$1 ~ /^[0-9]+$/ && NF >= 6 {
		is = /unwritten/ ? "unwritten" : "written"
		if (is != was) print $2, is
		was = is
	}'
}

# Each block: where it is, and whether it is unwritten.
blocks() {
	filefrag -v -b"$2" "$1" | tr -d ':,.' | awk '$1 ~ /^[0-9]+$/ && NF >= 6 {
		for (i = 0; i < $6; i++) print $2 + i, $4 + i, /unwritten/
	}'
}

# as_on_stock NAME BLOCK_SIZE FIO OPTION...
as_on_stock() {
	local name=$1 block=$2 deferred stock known
	shift 2
	make_ext4 "$DEVICE" -b "$block"
	echo 0 >"/sys/fs/ext4/$(ext4_name "$DEVICE")/aio_dio_defer"
	scattered "$MOUNT/stock" "$@"
	stock=$(block_map "$file" "$block")
	defer "$DEVICE"
	scattered "$MOUNT/deferred" "$@"
	deferred=$(block_map "$file" "$block")
	at_least "$name: there are many extents" "$(wc -l <<<"$stock")" 300
	equal "$name: written is what stock has as written" "$(md5sum <<<"$deferred")" "$(md5sum <<<"$stock")"
	known=$(blocks "$MOUNT/deferred" "$block" | md5sum)
	umount "$MOUNT"
	check "$name: the extent tree is sound" e2fsck -fn "$DEVICE"
	mount "$DEVICE" "$MOUNT"
	# Before, they came from the tree that keeps the status of extents in memory.
	equal "$name: the blocks are what the kernel knew" "$known" "$(blocks "$MOUNT/deferred" "$block" | md5sum)"
	check "$name: the data is there" fio_json again --filename="$MOUNT/deferred" --size=24M \
		--rw=randwrite --direct=1 --ioengine=libaio --iodepth=16 --fallocate=none \
		--verify=crc32c --verify_only "$@"
	umount "$MOUNT"
}

scattered_as_on_stock() {
	local seed
	local -a seeds=(1)
	[[ -z ${CONVLIST_LONG:-} ]] || seeds=({1..8})
	for seed in "${seeds[@]}"; do
		as_on_stock "4 KiB blocks, seed $seed" 4096 --bs=4k --io_size=12M --randseed="$seed" --fsync=40
		as_on_stock "1 KiB blocks, seed $seed" 1024 --bs=1k --io_size=6M --randseed="$seed"
		as_on_stock "sizes from 4 to 32 KiB, seed $seed" 4096 --bsrange=4k-32k --io_size=12M \
			--randseed="$seed" --fsync=40
	done
}

# A file that is written to the end has no more extents than it began with.
merged_in_the_end() {
	make_ext4 "$DEVICE"
	defer "$DEVICE"
	file=$MOUNT/file
	fallocate -l 24M "$file"
	blocks_job all --size=24M --do_verify=0
	sync "$file"
	equal 'merged: all blocks are written' "$(block_map "$file" 4096)" '0 written'
	# mke2fs leaves no 24 MiB in one piece, so a few.
	at_least 'merged: into few extents' 20 "$(filefrag "$file" | grep -oE '[0-9]+ extent' | cut -d' ' -f1)"
	umount "$MOUNT"
	check 'merged: the data is there' remounted_data_is_there
}

# How often is FUNCTION called while COMMAND runs? calls_of FUNCTION COMMAND...
calls_of() {
	local trace=/sys/kernel/tracing
	echo "$1" >$trace/set_ftrace_filter
	echo function >$trace/current_tracer
	echo >$trace/trace
	shift
	"$@"
	grep -c '<-' $trace/trace || true
	echo nop >$trace/current_tracer
	echo >$trace/set_ftrace_filter
}

# Every second block of 256: as many conversions, and one change of the leaf. The
# file has one already, for want of room in the inode.
# guard: leaf_dirty
together() {
	local i
	make_ext4 "$DEVICE"
	defer "$DEVICE" 60000
	file=$MOUNT/file
	fallocate -l 1M "$file"
	for i in 200 202 204 206 208; do
		fallocate -p -o $((i * 4096)) -l 4096 "$file"
	done
	sync "$file"
	fio_json hold --filename="$file" --rw=write:4k --bs=4k --size=512k --io_size=256k --direct=1 \
		--ioengine=libaio --iodepth=16 --fallocate=none --verify=crc32c --do_verify=0
	equal 'together: 64 writes are held' "$(pending_count "$DEVICE")" 64
	equal 'together: one change of the leaf' "$(calls_of ext4_ext_leaf_begin sync "$file")" 1
	umount "$MOUNT"
	mount "$DEVICE" "$MOUNT"
	equal 'together: 64 blocks are written' "$(block_map "$file" 4096 | grep -c ' written')" 64
	check 'together: the data is there' fio_json again --filename="$file" --rw=write:4k --bs=4k \
		--size=512k --io_size=256k --direct=1 --ioengine=libaio --iodepth=16 --fallocate=none \
		--verify=crc32c --verify_only
	umount "$MOUNT"
}

# EXT4_IOC_PRECACHE_EXTENTS reads all leaves into the cache of extents.
precache() {
	perl -e 'open(F, "<", $ARGV[0]) or die; print ioctl(F, 0x6612, 0) ? "ok" : "$!"' "$1"
}

# half_written NAME FIO OPTION...: every second block of a megabyte, by listed writes.
half_written() {
	local name=$1
	shift
	fio_json "$name" --filename="$file" --rw=write:4k --bs=4k --size=2M --io_size=1M --direct=1 \
		--ioengine=libaio --iodepth=16 --fallocate=none "$@"
}

# The ioctl checks each leaf that is being changed. It comes while one is changed but
# has its old checksum: a test kernel stays so for a second. With a journal the
# checksum is left to the commit.
# guard: leaf_lock
unseen() {
	make_ext4 "$DEVICE" -O ^has_journal
	defer "$DEVICE" 60000
	file=$MOUNT/file
	fallocate -l 2M "$file"
	half_written hold
	# The leaf is new to the page cache of extents, and on the device.
	sync "$file"
	half_written more --offset=4k --size=1M --io_size=256k
	[[ ! -e $PARAMETERS/delayed ]] || echo leaf >$PARAMETERS/delayed
	sync "$file" &
	sleep 0.3
	equal 'unseen: no leaf is found broken' "$(precache "$file")" ok
	wait
	[[ ! -e $PARAMETERS/delayed ]] || echo >$PARAMETERS/delayed
	umount "$MOUNT"
	check 'unseen: the file system is sound' e2fsck -fn "$DEVICE"
}

# A file that has been converted, but nothing was committed since.
# converted_not_committed NAME FIO OPTION...
converted_not_committed() {
	local name=$1
	shift
	make_ext4 "$DEVICE" -- -o commit=300
	defer "$DEVICE" 60000
	file=$MOUNT/file
	fallocate -l 2M "$file"
	sync -f "$MOUNT"
	half_written hold "$@"
	dd if="$file" of=/dev/null bs=64k iflag=direct status=none
	check "$name: nothing is pending" none_pending
}

sound_when_committed() {
	sync -f "$MOUNT"
	umount "$MOUNT"
	check "$1: the file system is sound" e2fsck -fn "$DEVICE"
}

# The checksum of the leaf is left to the commit; until then there is none to be checked.
# guard: leaf_verified
cached_before_commit() {
	converted_not_committed 'cached'
	equal 'cached: no leaf is found broken' "$(precache "$file")" ok
	sound_when_committed 'cached'
}

# Others change the leaf in the same transaction, before and after conversions.
# guard: leaf_csum
changed_before_commit() {
	converted_not_committed 'changed'
	fallocate -p -o 40960 -l 4096 "$file"
	sound_when_committed 'changed'
	mount "$DEVICE" "$MOUNT"
	defer "$DEVICE" 60000
	half_written more --offset=4k --size=1M --io_size=64k
	dd if="$file" of=/dev/null bs=64k iflag=direct status=none
	fallocate -p -o 81920 -l 4096 "$file"
	half_written again --offset=1028k --size=1M --io_size=64k
	dd if="$file" of=/dev/null bs=64k iflag=direct status=none
	sound_when_committed 'changed again'
}

# The block of a leaf: where the only entry of the index in the inode points to.
leaf_block() {
	debugfs -R "dump_extents -n $(basename "$file")" "$DEVICE" 2>/dev/null | awk '$1 == "0/" && $2 == 1 { print $8; exit }'
}

# The last conversion moves what is left of the leaf into the inode, and frees its
# block before that was committed. Leaves of other files get it.
freed_before_commit() {
	local leaf i block
	converted_not_committed 'freed' --size=1M --io_size=512k
	leaf=$(leaf_block)
	half_written more --offset=4k --size=1M --io_size=512k
	dd if="$file" of=/dev/null bs=64k iflag=direct status=none
	equal 'freed: there is no leaf any more' "$(leaf_block)" ''
	sync -f "$MOUNT"
	for ((i = 0; i < 20; i++)); do
		fallocate -l 64K "$MOUNT/other.$i"
		for block in 1 3 5 7 9; do
			fallocate -p -o $((block * 4096)) -l 4096 "$MOUNT/other.$i"
		done
	done
	sync -f "$MOUNT"
	check 'freed: its block is used again' debugfs_says "testb $leaf" 'marked in use'
	sound_when_committed 'freed'
}

debugfs_says() { debugfs -R "$1" "$DEVICE" 2>/dev/null | grep -q "$2"; }

run_cases 'scattered_as_on_stock merged_in_the_end together unseen cached_before_commit
	changed_before_commit freed_before_commit' "$@"
