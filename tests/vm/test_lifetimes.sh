#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Listed writes let go of everything they hold: on umount, freeze, remount, sync
# and unlink; whatever converts them does so at once; and their number is bounded.
# A busy inode, a leak or a warning in the kernel's log fails the run.
# kernel: 6.12
# disks: 512M 8G
# tags: series
# limit: 400
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/hold.sh"

# A comment `guard: NAME` says what in the series the case below it holds in
# place: tests/kernels/unguarded.patch has the line.

# guard: sync_fs+kill_sb
umount_converts() {
	hold 64
	equal 'umount: 64 writes are held' "$(pending_count $DEVICE)" 64
	in_time 'umount: ends' 10 umount "$MOUNT"
	check 'umount: the data is there' remounted_data_is_there
}

umount_of_a_file_in_use() {
	hold 64
	holder user
	umount -l "$MOUNT"
	tell user 'pread 0 4096'
	dismiss user
	# The last user is gone: now it is unmounted in earnest.
	check 'lazy umount: ends' wait_for 10 e2fsck -fn $DEVICE
	check 'lazy umount: the data is there' remounted_data_is_there
}

# guard: sync_fs
remount_read_only() {
	hold 64
	in_time 'remount read-only: ends' 10 mount -o remount,ro "$MOUNT"
	equal 'remount read-only: nothing is pending' "$(pending_count $DEVICE)" 0
	umount "$MOUNT"
	check 'remount read-only: the data is there' remounted_data_is_there
}

writes_to_device() { awk '{ print $5 + $6 + $7 }' /sys/block/vda/stat; }

# guard: sync_fs
freeze() {
	local before
	hold 64
	fsfreeze -f "$MOUNT"
	equal 'freeze: nothing is pending' "$(pending_count $DEVICE)" 0
	before=$(writes_to_device)
	sleep 2
	equal 'freeze: nothing is written' "$(writes_to_device)" "$before"
	fsfreeze -u "$MOUNT"
	umount "$MOUNT"
	check 'freeze: the data is there' remounted_data_is_there
}

# guard: sync_fs
sync_drains() {
	hold 64
	sync
	equal 'sync: nothing is pending' "$(pending_count $DEVICE)" 0
	umount "$MOUNT"
}

# The file is closed and its caches are dropped: only the work holds the inode.
evict() {
	hold 64
	echo 3 >/proc/sys/vm/drop_caches
	equal 'drop_caches: the writes are still held' "$(pending_count $DEVICE)" 64
	check 'drop_caches: the data is there' data_is_there
	umount "$MOUNT"
}

# guard: reference
unlink_with_entries() {
	hold 64
	rm "$file"
	equal 'unlink: the writes are still held' "$(pending_count $DEVICE)" 64
	sync -f "$MOUNT"
	equal 'unlink: nothing is pending after sync' "$(pending_count $DEVICE)" 0
	umount "$MOUNT"
	check 'unlink: e2fsck' e2fsck -fn $DEVICE
}

unlink_and_umount() {
	hold 64
	rm "$file"
	in_time 'unlink, umount: ends' 10 umount "$MOUNT"
	check 'unlink, umount: e2fsck' e2fsck -fn $DEVICE
}

unlink_of_an_open_file() {
	hold 64
	holder user
	rm "$file"
	tell user fsync
	tell user 'pread 0 4096'
	dismiss user
	equal 'unlink of an open file: no errors' "$(errors_of user)" 0
	equal 'unlink of an open file: nothing is pending' "$(pending_count $DEVICE)" 0
	in_time 'unlink of an open file: umount ends' 10 umount "$MOUNT"
	check 'unlink of an open file: e2fsck' e2fsck -fn $DEVICE
}

rename_over() {
	hold 64
	echo small >"$MOUNT/other"
	mv "$MOUNT/other" "$file"
	in_time 'rename over: umount ends' 10 umount "$MOUNT"
	check 'rename over: e2fsck' e2fsck -fn $DEVICE
}

# Entries that nobody flushes are converted by the work.
work_converts() {
	make_ext4 $DEVICE
	defer $DEVICE 300
	file=$MOUNT/file
	write_blocks 64
	check 'work: converts after the delay' wait_for 10 none_pending
	check 'work: the data is there' data_is_there
	umount "$MOUNT"
}

# Off again: what is listed stays so, what comes later is not.
switched_off() {
	hold 64
	echo 0 >/sys/fs/ext4/vda/aio_dio_defer
	equal 'switched off: the writes are still held' "$(pending_count $DEVICE)" 64
	file=$MOUNT/later
	write_blocks 64
	equal 'switched off: no more are held' "$(pending_count $DEVICE)" 64
	file=$MOUNT/file
	check 'switched off: the data is there' data_is_there
	umount "$MOUNT"
}

switch_all_the_time() {
	local value
	while :; do
		for value in 0 1; do
			echo $value >/sys/fs/ext4/vda/aio_dio_defer
			sleep 0.01
		done
	done
}

# What began while it was on is listed, in an interrupt, which must not sleep.
# guard: listed_at_end
switched_while_writing() {
	local switcher
	make_ext4 $DEVICE
	file=$MOUNT/file
	switch_all_the_time &
	switcher=$!
	in_time 'switched while writing: ends' 60 write_blocks 8192
	kill $switcher
	wait $switcher || true
	in_time 'switched while writing: sync ends' 10 sync -f "$MOUNT"
	equal 'switched while writing: nothing is pending' "$(pending_count $DEVICE)" 0
	check 'switched while writing: the data is there' data_is_there
	umount "$MOUNT"
}

# Each write claims the clusters that its conversion may take, and some for the next
# writes; nothing is kept when the last one is converted.
# guard: spare_claims
claims() {
	local claimed
	hold 60
	claimed=/sys/fs/ext4/$(ext4_name $DEVICE)/delayed_allocation_blocks
	at_least 'claims: 12 clusters for each write' "$(<"$claimed")" $((60 * 12))
	at_least 'claims: for 16 more writes at most' $((76 * 12)) "$(<"$claimed")"
	sync "$file"
	equal 'claims: nothing is left' "$(<"$claimed")" 0
	umount "$MOUNT"
}

# 1024 for each inode; the writes beyond convert their own extents.
# guard: cap_inode
bounded() {
	hold 3000
	equal 'bound: 1024 writes of one inode are held' "$(pending_count $DEVICE)" 1024
	check 'bound: fsync' sync "$file"
	equal 'bound: nothing is pending' "$(pending_count $DEVICE)" 0
	check 'bound: the data is there' data_is_there
	umount "$MOUNT"
}

# Each holds twelve clusters, and all of them no more than an eighth of what is free.
bounded_by_space() {
	local free
	make_ext4 $DEVICE
	defer $DEVICE 60000
	free=$(stat -f -c %f "$MOUNT")
	write_files 2
	check 'bound: a small file system holds some' test "$(pending_count $DEVICE)" -ge 500 \
		-a "$(pending_count $DEVICE)" -le $((free / 8 / 12))
	files_are_there 2
}

# 16384 for each file system, if it has the space, and those in flight when that was
# reached: fio has 16 at once.
# guard: cap_sb
bounded_together() {
	local held
	DEVICE=/dev/vdb
	make_ext4 "$DEVICE" -N 2048 -J size=32
	defer "$DEVICE" 60000
	write_files 17
	held=$(pending_count "$DEVICE")
	check "bound: 16384 writes of one file system are held ($held)" \
		test "$held" -ge 16384 -a "$held" -lt $((16384 + 16))
	files_are_there 17
	DEVICE=/dev/vda
}

# 1000 blocks to each of so many files.
write_files() {
	local i files=''
	for ((i = 0; i < $1; i++)); do
		fallocate -l 4000k "$MOUNT/file.$i"
		files+=${files:+:}$MOUNT/file.$i
	done
	file=$files
	blocks_job hold --size=$(($1 * 4000))k --do_verify=0
}

files_are_there() {
	in_time 'bound: sync ends' 60 sync -f "$MOUNT"
	equal 'bound: nothing is pending after sync' "$(pending_count $DEVICE)" 0
	check 'bound: the data of all files is there' blocks_job verify --size=$(($1 * 4000))k --verify_only
	umount "$MOUNT"
}

on_by_default() {
	make_ext4 "$DEVICE"
	gather "$DEVICE" 60000
	file=$MOUNT/file
	write_blocks 64
	equal 'by default: 64 writes are held' "$(pending_count $DEVICE)" 64
	umount "$MOUNT"
	check 'by default: the data is there' remounted_data_is_there
}

# Adjacent writes are converted together, whatever order they came in.
merged() {
	local trace=/sys/kernel/tracing
	hold 64
	echo >$trace/trace
	echo 1 >$trace/events/ext4/ext4_aio_dio_convert_end/enable
	sync "$file"
	echo 0 >$trace/events/ext4/ext4_aio_dio_convert_end/enable
	equal 'merged: 64 writes are one conversion' "$(grep -c 'entries 64 ' $trace/trace)" 1
	umount "$MOUNT"
}

run_cases 'umount_converts umount_of_a_file_in_use remount_read_only freeze sync_drains evict
	unlink_with_entries unlink_and_umount unlink_of_an_open_file rename_over work_converts
	switched_off switched_while_writing on_by_default claims bounded bounded_by_space bounded_together merged' "$@"
