#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# When a conversion fails (the device, memory, the journal, a shutdown), each file
# that is open hears of it from its next fsync, once; the log says so, in few
# words; the entries go away; nothing old is ever shown, and nothing is stuck.
# kernel: 6.12
# disks: 512M
# tags: series
# limit: 800
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/dm.sh"
. "$TOP/tests/lib/failslab.sh"
. "$TOP/tests/lib/hold.sh"
. "$TOP/tests/lib/window.sh"

# A comment `guard: NAME` says what in the series the case below it holds in
# place: tests/kernels/unguarded.patch has the line.

messages() { dmesg | grep -c 'failed to convert unwritten extents' || true; }

# Two that have the file open when its conversion fails, one that opens it after
# they were told.
# fails NAME COMMAND...: COMMAND makes that happen, while the first calls fsync.
fails() {
	local name=$1
	shift
	dmesg -C
	holder first
	holder second
	"$@"
	tell first fsync
	tell first fsync
	tell second fsync
	tell second fsync
	dismiss first
	dismiss second
	equal "$name: the first fsync fails, the next does not" "$(errors_of first)" 1
	equal "$name: so for the other who has it open" "$(errors_of second)" 1
	equal "$name: nothing is pending" "$(pending_count "$DEVICE")" 0
	at_least "$name: the log says so" "$(messages)" 1
	at_least "$name: in few words" 20 "$(messages)"
	holder third
	tell third fsync
	dismiss third
	equal "$name: a later open is not told again" "$(errors_of third)" 0
	check "$name: nothing old is shown" no_old_data
}

ends_clean() {
	in_time "$1: umount ends" 10 umount "$MOUNT"
	check "$1: e2fsck" e2fsck -fn "$DEVICE"
}

# ---- the device: an extent block that cannot be read ------------------------

checkpoint() { # EXT4_IOC_CHECKPOINT: the journal's content to its place
	perl -e 'open(my $d, "<", $ARGV[0]) or die; ioctl($d, 0x4004662b, my $f = pack("L", 0)) or die "$!\n"' "$1"
}

# The file's extents do not fit into its inode; their block is on the device, and
# no longer in memory.
hold_with_extent_block() {
	local i
	fill_with_old_data /dev/vda
	DEVICE=$(dm_create dust "0 $(blockdev --getsz /dev/vda) dust /dev/vda 0 4096")
	make_ext4 "$DEVICE" "${KEEP_OLD_DATA[@]}"
	file=$MOUNT/file
	fallocate -l 4M "$file"
	for ((i = 0; i < 8; i++)); do
		dd if=/dev/zero of="$file" bs=4k seek=$((i * 100)) count=1 conv=notrunc oflag=direct status=none
	done
	sync "$MOUNT"
	defer "$DEVICE" 60000
	blocks_job hold --offset=40k --size=200k --do_verify=0
	# This commits what the writes have put into the journal, and empties it.
	echo >"$MOUNT/other"
	sync "$MOUNT/other"
	checkpoint "$MOUNT"
	at_least 'unreadable extent block: writes are held' "$(pending_count "$DEVICE")" 50
}

extent_block() { debugfs -R 'stat /file' "$DEVICE" 2>/dev/null | grep -oE 'ETB[0-9]*\)?:[0-9]+' | head -n 1 | sed 's/.*://'; }

break_extent_block() {
	dmsetup message dust 0 addbadblock "$(extent_block)" >/dev/null
	dmsetup message dust 0 enable >/dev/null
	echo 3 >/proc/sys/vm/drop_caches
}

# guard: error drop_failed
unreadable_extent_block() {
	hold_with_extent_block
	fails 'unreadable extent block' break_extent_block
	dmsetup message dust 0 disable >/dev/null
	ends_clean 'unreadable extent block'
	dmsetup remove dust
	DEVICE=/dev/vda
}

# ---- memory -----------------------------------------------------------------

# Each allocation fails that is made below the function FUNCTION.
no_memory_below() {
	fail_below "$1"
	echo 100 >$SLAB/probability
}

memory_again() {
	echo 0 >$SLAB/probability
	fail_nowhere
	echo N >$SLAB/cache-filter
	echo N >$SLAB/task-filter
}

can_fail_memory() {
	can_fail_below && return
	skip "$1" 'this kernel cannot make allocations fail by call chain'
	return 1
}

# No handle to be had: the conversion fails before it begins.
# guard: error
no_memory_for_a_handle() {
	can_fail_memory 'no memory for a handle' || return 0
	fill_with_old_data /dev/vda
	hold 64 "${KEEP_OLD_DATA[@]}"
	fails 'no memory for a handle' fail_first_fsync jbd2__journal_start
	ends_clean 'no memory for a handle'
}

# The first fsync while there is no memory below a function.
fail_first_fsync() {
	no_memory_below "$1"
	tell first fsync
	wait_for 10 none_pending
	memory_again
}

# The same inside of the extent code, for this one process.
# guard: error
no_memory_for_a_path() {
	can_fail_memory 'no memory for a path' || return 0
	fill_with_old_data /dev/vda
	hold 64 "${KEEP_OLD_DATA[@]}"
	fails 'no memory for a path' fail_first_fsync_alone ext4_find_extent
	ends_clean 'no memory for a path'
}

fail_first_fsync_alone() {
	echo Y >$SLAB/task-filter
	echo 1 >"/proc/$(holder_pid first)/make-it-fail"
	fail_first_fsync "$1"
}

# The work meets the failure, long before anybody calls fsync; syncfs hears of it
# as well.
work_fails() {
	can_fail_memory 'the work fails' || return 0
	fill_with_old_data /dev/vda
	make_ext4 "$DEVICE" "${KEEP_OLD_DATA[@]}"
	# Long enough for all that comes before the failure.
	case $(uname -r) in
	*debug* | *kcsan*) defer "$DEVICE" 40000 ;;
	*) defer "$DEVICE" 8000 ;;
	esac
	file=$MOUNT/file
	write_blocks 64
	holder syncfs
	fails 'the work fails' let_work_fail
	tell syncfs syncfs
	tell syncfs syncfs
	dismiss syncfs
	equal 'the work fails: syncfs fails, once' "$(errors_of syncfs)" 1
	ends_clean 'the work fails'
}

let_work_fail() {
	no_memory_below ext4_end_aio_dio_work
	equal 'the work fails: it has not run before' "$(pending_count "$DEVICE")" 64
	wait_for 60 none_pending
	memory_again
}

# Every second allocation of an entry fails: those writes convert themselves.
no_memory_for_entries() {
	local cache=/sys/kernel/slab/ext4_aio_dio/failslab held
	if [[ ! -e $SLAB || ! -e $cache ]]; then
		skip 'no memory for an entry' 'this kernel cannot inject it'
		return 0
	fi
	make_ext4 "$DEVICE"
	defer "$DEVICE" 60000
	file=$MOUNT/file
	echo 1 >"$cache"
	echo Y >$SLAB/cache-filter
	echo 50 >$SLAB/probability
	echo -1 >$SLAB/times
	echo 0 >$SLAB/verbose
	echo N >$SLAB/ignore-gfp-wait
	write_blocks 256
	memory_again
	held=$(pending_count "$DEVICE")
	check "no memory for an entry: some of 256 writes are held ($held)" test "$held" -gt 32 -a "$held" -lt 224
	check 'no memory for an entry: the data is there' data_is_there
	umount "$MOUNT"
}

# ---- data that does not get to the device -----------------------------------

# The device fails for sixteen blocks of the file.
failed_writes() {
	local start sectors total
	fill_with_old_data /dev/vda
	total=$(blockdev --getsz /dev/vda)
	DEVICE=$(dm_create holes "0 $total linear /dev/vda 0")
	make_ext4 "$DEVICE" "${KEEP_OLD_DATA[@]}"
	defer "$DEVICE" 60000
	file=$MOUNT/file
	fallocate -l 256k "$file"
	sync "$MOUNT"
	# It says '(uninit)' after the number.
	start=$((($(debugfs -R 'bmap /file 0' "$DEVICE" 2>/dev/null | awk '{ print $1 }') + 16) * 8)) sectors=$((16 * 8))
	dm_reload holes "0 $start linear /dev/vda 0
		$start $sectors error
		$((start + sectors)) $((total - start - sectors)) linear /dev/vda $((start + sectors))"
	blocks_job failing --size=256k --do_verify=0 --ignore_error=,EIO || true
	equal 'failed writes: 48 of 64 blocks are held' "$(pending_count "$DEVICE")" 48
	holder user
	tell user fsync
	dismiss user
	equal 'failed writes: fsync is not to blame' "$(errors_of user)" 0
	equal 'failed writes: nothing is pending' "$(pending_count "$DEVICE")" 0
	dm_reload holes "0 $total linear /dev/vda 0"
	check 'failed writes: nothing old is shown' no_old_data
	ends_clean 'failed writes'
	dmsetup remove holes
	DEVICE=/dev/vda
}

# ---- the journal, errors=, shutdown -----------------------------------------

fs_error() { echo test >/sys/fs/ext4/vda/trigger_fs_error; }
shutdown_fs() { xfs_io -x -c shutdown "$MOUNT"; }
shutdown_fs_flushed() { xfs_io -x -c 'shutdown -f' "$MOUNT"; }

# There is no file system to sync any more: fsync says so, entries go away without
# a word in the log.
# gives_up NAME COMMAND [FSYNCS THAT FAIL] [OPTION OF MKFS...]
gives_up() {
	local name=$1 command=$2
	shift 2
	hold 64 "$@" -- -o errors=remount-ro
	dmesg -C
	holder user
	"$command"
	tell user fsync
	dismiss user
	equal "$name: fsync fails" "$(errors_of user)" 1
	equal "$name: nothing is pending" "$(pending_count "$DEVICE")" 0
	equal "$name: no message about conversions" "$(messages)" 0
	in_time "$name: umount ends" 10 umount "$MOUNT"
}

# Nobody calls fsync: umount lets go of the entries.
gives_up_unseen() {
	local name=$1 command=$2
	hold 64 -- -o errors=remount-ro
	"$command"
	in_time "$name, no fsync: umount ends" 10 umount "$MOUNT"
}

# guard: quiet
abort() { gives_up abort fs_error && gives_up_unseen abort fs_error; }
# guard: quiet
shutdown() { gives_up shutdown shutdown_fs && gives_up_unseen shutdown shutdown_fs; }
shutdown_flushed() { gives_up_unseen 'shutdown, log flushed' shutdown_fs_flushed; }
errors_remount_ro() { gives_up 'errors=remount-ro, no journal' fs_error -O ^has_journal; }

errors_continue() {
	hold 64 -- -o errors=continue
	fs_error
	holder user
	tell user fsync
	dismiss user
	equal 'errors=continue: fsync does not fail' "$(errors_of user)" 0
	check 'errors=continue: the data is there' data_is_there
	umount "$MOUNT"
}

run_cases 'unreadable_extent_block no_memory_for_a_handle no_memory_for_a_path work_fails
	no_memory_for_entries failed_writes abort shutdown shutdown_flushed errors_remount_ro
	errors_continue' "$@"
