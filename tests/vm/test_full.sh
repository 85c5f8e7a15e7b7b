#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A file system that is full to the last block, with nothing reserved: extents
# cannot be split for want of space for the tree, and ext4 zeroes them out
# instead. Not where other writes are in flight or wait for their conversion.
#
# Guards: ext4_aio_dio_claim(), ext4_ext_may_zeroout(), and the calls of
# ext4_aio_dio_split_begin(). 6.12-unclaimed has none of them and must lose data.
# kernel: 6.12 6.12-unclaimed
# disks: 640M
# tags: series
# limit: 500
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

case $(uname -r) in
*unclaimed*) BROKEN=1 ;;
*) BROKEN=0 ;;
esac
LOST=0
file=''

# Nothing is left, for root either.
fill() {
	local size n=0
	for size in 128M 16M 2M 256K 32K 4K; do
		while fallocate -l $size "$MOUNT/fill.$n" 2>/dev/null; do
			n=$((n + 1))
		done
		rm -f "$MOUNT/fill.$n"
	done
	for ((; n < 100000; n++)); do
		fallocate -l 4K "$MOUNT/fill.$n" 2>/dev/null || break
	done
}

fresh() {
	make_ext4 /dev/vda -m 0 -N 4096
	echo 0 >"/sys/fs/ext4/$(ext4_name /dev/vda)/reserved_clusters"
	file=$MOUNT/file
	fallocate -l 40M "$file"
	sync
}

job() {
	local name=$1
	shift
	fio_json "$name" --filename="$file" --bs=4k --direct=1 --fallocate=none --verify=crc32c "$@"
}

# What is wrong counts on the broken kernel, and fails a check on the sound one.
holds() {
	local name=$1
	shift
	if ((!BROKEN)); then
		check "$name" "$@"
	elif ! "$@" >/dev/null 2>&1; then
		LOST=$((LOST + 1))
	fi
}

clean() {
	umount "$MOUNT"
	e2fsck -fn /dev/vda
}

# 10,240 writes when nothing is free: each has to split its extent first.
full_before() {
	local seed=$1
	fresh
	defer /dev/vda
	fill
	holds "full, seed $seed: writes and verifies" job full --rw=randwrite --size=40M \
		--ioengine=libaio --iodepth=32 --randseed="$seed" --do_verify=1
	holds "full, seed $seed: no error is left" fsync_file
	holds "full, seed $seed: e2fsck" clean
}

fsync_file() { sync "$file"; }

# Every other block of 8 MB: 1,000 writes whose extents are not split. The others
# begin at 0: fio's mmap engine writes at the wrong place when given an offset.
odd() { job odd --rw=write:4k --offset=4K --size=7996K --ioengine=libaio --iodepth=16 "$@"; }
even() { job even --rw=write:4k --size=8000K --ioengine="$1" "${@:2}"; }

# The space goes while 1,000 writes are listed; then somebody writes beside them.
full_later() {
	local beside=$1
	fresh
	defer /dev/vda 60000
	odd --do_verify=0
	((BROKEN)) || at_least "filled later, $beside: writes are held" "$(pending_count /dev/vda)" 900
	fill
	case $beside in
	nobody) ;;
	sync) holds "filled later, $beside: can write" even psync --do_verify=0 ;;
	mmap) holds "filled later, $beside: can write" even mmap --direct=0 --do_verify=0 ;;
	esac
	holds "filled later, $beside: fsync" fsync_file
	equal "filled later, $beside: nothing is held any more" "$(pending_count /dev/vda)" 0
	umount "$MOUNT"
	mount /dev/vda "$MOUNT"
	holds "filled later, $beside: the held writes are there" odd --verify_only
	[[ $beside == nobody ]] || holds "filled later, $beside: so are the others" even psync --verify_only
	holds "filled later, $beside: e2fsck" clean
}

for seed in 1 2 3; do
	full_before $seed
done
full_later nobody
full_later sync
full_later mmap
if ((BROKEN)); then
	at_least 'without claims data is lost' "$LOST" 1
fi
