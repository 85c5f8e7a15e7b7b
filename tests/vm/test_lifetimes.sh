#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Listed writes let go of everything they hold: on umount, freeze, remount,
# unlink, shutdown, abort of the journal, and without memory; and their number is
# bounded. A busy inode, a leak or a warning in the kernel's log fails the run.
# kernel: 6.12
# disks: 512M
# tags: series
# limit: 300
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

file=''

# A fresh file system with COUNT writes listed and nothing that converts them.
hold() {
	local count=$1
	shift
	make_ext4 /dev/vda "$@"
	defer /dev/vda 60000
	file=$MOUNT/file
	write_blocks "$count"
}

write_blocks() {
	fallocate -l $(($1 * 4096)) "$file"
	fio_json hold --filename="$file" --size=$(($1 * 4096)) --rw=randwrite --bs=4k --direct=1 \
		--ioengine=libaio --iodepth=16 --fallocate=none --verify=crc32c --do_verify=0
}

data_is_there() {
	fio_json verify --filename="$file" --size="$(stat -c %s "$file")" --rw=randwrite --bs=4k \
		--direct=1 --ioengine=libaio --iodepth=16 --fallocate=none --verify=crc32c \
		--verify_only
}

remounted_data_is_there() {
	mount /dev/vda "$MOUNT"
	data_is_there
	umount "$MOUNT"
	e2fsck -fn /dev/vda >/dev/null 2>&1
}

umount_converts() {
	hold 64
	equal 'umount: 64 writes are held' "$(pending_count /dev/vda)" 64
	umount "$MOUNT"
	check 'umount: the data is there' remounted_data_is_there
}

remount_read_only() {
	hold 64
	mount -o remount,ro "$MOUNT"
	equal 'remount read-only: nothing is pending' "$(pending_count /dev/vda)" 0
	check 'remount read-only: the data is there' data_is_there
	umount "$MOUNT"
}

freeze() {
	hold 64
	fsfreeze -f "$MOUNT"
	equal 'freeze: nothing is pending' "$(pending_count /dev/vda)" 0
	fsfreeze -u "$MOUNT"
	umount "$MOUNT"
	check 'freeze: the data is there' remounted_data_is_there
}

sync_drains() {
	hold 64
	sync
	equal 'sync: nothing is pending' "$(pending_count /dev/vda)" 0
	umount "$MOUNT"
}

# The file is closed and its caches are dropped: only the work holds the inode.
evict() {
	hold 64
	echo 3 >/proc/sys/vm/drop_caches
	equal 'drop_caches: the writes are still held' "$(pending_count /dev/vda)" 64
	check 'drop_caches: the data is there' data_is_there
	umount "$MOUNT"
}

unlink_with_entries() {
	hold 64
	rm "$file"
	equal 'unlink: the writes are still held' "$(pending_count /dev/vda)" 64
	sync "$MOUNT"
	umount "$MOUNT"
	check 'unlink: e2fsck' e2fsck -fn /dev/vda
}

unlink_and_umount() {
	hold 64
	rm "$file"
	umount "$MOUNT"
	check 'unlink, umount: e2fsck' e2fsck -fn /dev/vda
}

# Entries that nobody flushes are converted by the work.
work_converts() {
	make_ext4 /dev/vda
	defer /dev/vda 300
	file=$MOUNT/file
	write_blocks 64
	none_pending() { (($(pending_count /dev/vda) == 0)); }
	check 'work: converts after the delay' wait_for 10 none_pending
	check 'work: the data is there' data_is_there
	umount "$MOUNT"
}

# 1024 for each inode; the writes beyond convert their own extents.
bounded() {
	hold 3000
	equal 'bound: 1024 writes of one inode are held' "$(pending_count /dev/vda)" 1024
	check 'bound: fsync' sync "$file"
	equal 'bound: nothing is pending' "$(pending_count /dev/vda)" 0
	check 'bound: the data is there' data_is_there
	umount "$MOUNT"
}

# Conversions fail after that: entries go away without a word, fsync says it.
aborted() {
	hold 64 -- -o errors=remount-ro
	echo test >/sys/fs/ext4/vda/trigger_fs_error
	status_is 'abort: fsync fails' 1 sync "$file"
	equal 'abort: nothing is pending' "$(pending_count /dev/vda)" 0
	umount "$MOUNT"
}

shut_down() {
	command -v xfs_io >/dev/null || {
		skip 'shutdown' 'xfs_io is not installed'
		return 0
	}
	hold 64
	xfs_io -x -c 'shutdown' "$MOUNT"
	status_is 'shutdown: fsync fails' 1 sync "$file"
	equal 'shutdown: nothing is pending' "$(pending_count /dev/vda)" 0
	umount "$MOUNT"
}

shut_down_and_umount() {
	command -v xfs_io >/dev/null || return 0
	hold 64
	xfs_io -x -c 'shutdown' "$MOUNT"
	check 'shutdown: umount' umount "$MOUNT"
}

# Every second allocation of an entry fails.
no_memory() {
	local fail=/sys/kernel/debug/failslab
	local cache=/sys/kernel/slab/ext4_aio_dio/failslab
	if [[ ! -e $fail || ! -e $cache ]]; then
		skip 'no memory for an entry' 'this kernel cannot inject it'
		return 0
	fi
	make_ext4 /dev/vda
	defer /dev/vda 60000
	file=$MOUNT/file
	echo 1 >"$cache"
	echo Y >$fail/cache-filter
	echo 50 >$fail/probability
	echo -1 >$fail/times
	echo 0 >$fail/verbose
	echo N >$fail/ignore-gfp-wait
	write_blocks 256
	echo 0 >$fail/probability
	local held
	held=$(pending_count /dev/vda)
	check "no memory for an entry: some of 256 writes are held ($held)" test "$held" -gt 32 -a "$held" -lt 224
	check 'no memory for an entry: the data is there' data_is_there
	umount "$MOUNT"
}

umount_converts
remount_read_only
freeze
sync_drains
evict
unlink_with_entries
unlink_and_umount
work_converts
bounded
aborted
shut_down
shut_down_and_umount
no_memory
