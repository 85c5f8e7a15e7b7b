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
	umount "$MOUNT"
	check 'remount read-only: the data is there' remounted_data_is_there
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

# A program that has the file open, and calls fsync after COMMAND; nobody can
# open it any more by then. The status is that of its fsync.
fsync_after() {
	local pid status=0
	mkfifo "$WORK/pipe"
	dd of="$file" conv=notrunc,fsync <"$WORK/pipe" >"$WORK/dd" 2>&1 &
	pid=$!
	exec 3>"$WORK/pipe"
	wait_for 10 test "/proc/$pid/fd/1" -ef "$file"
	"$@"
	exec 3>&-
	wait "$pid" || status=$?
	rm "$WORK/pipe"
	return "$status"
}

fs_error() { echo test >/sys/fs/ext4/vda/trigger_fs_error; }
shutdown_fs() { xfs_io -x -c shutdown "$MOUNT"; }

# Conversions fail after an abort of the journal, or a shutdown: fsync says so,
# entries go away without a word in the log.
conversions_fail() {
	local name=$1
	shift
	hold 64 -- -o errors=remount-ro
	dmesg -C
	status_is "$name: fsync fails" 1 fsync_after "$@"
	equal "$name: nothing is pending" "$(pending_count /dev/vda)" 0
	equal "$name: no message about conversions" "$(dmesg | grep -c 'failed to convert')" 0
	umount "$MOUNT"
}

# Nobody calls fsync: umount lets go of the entries.
fail_and_umount() {
	local name=$1
	shift
	hold 64 -- -o errors=remount-ro
	"$@"
	check "$name: umount" umount "$MOUNT"
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
conversions_fail abort fs_error
fail_and_umount abort fs_error
conversions_fail shutdown shutdown_fs
fail_and_umount shutdown shutdown_fs
no_memory
