#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Everything at once, with little memory: programs that check each byte that they
# read, several engines of fio, dropped caches, freezes, syncs, the switch turned on
# and off, and a second file system that is mounted, made read-only and unmounted
# all the time. No wrong byte, no word in the log, a clean file system.
#
# A minute and a half; with CONVLIST_LONG an hour on a debug kernel, else ten
# minutes; CONVLIST_STRESS_SECONDS decides it.
# kernel: 6.12
# disks: 2G 512M
# tags: series slow
# limit: 300
# long-limit: 6000
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

SECONDS_WANTED=90
if [[ -n ${CONVLIST_LONG:-} ]]; then
	SECONDS_WANTED=600
	[[ $KERNEL != *-debug ]] || SECONDS_WANTED=3600
fi
SECONDS_WANTED=${CONVLIST_STRESS_SECONDS:-$SECONDS_WANTED}
SEED=${CONVLIST_STRESS_SEED:-$RANDOM}
RANDOM=$SEED

SYSFS=/sys/fs/ext4/vda
GROUP=/sys/fs/cgroup/stress
END=0

on_time() { ((SECONDS < END)); }
one_of() {
	shift "$((RANDOM % $#))"
	echo "$1"
}

# ---- programs that check what they read -------------------------------------

mix() { "$TOP/out/workload/mix" "$MOUNT/mix.$1" "$((END - SECONDS))" "$2"; }

# Preallocated files, written and verified again and again.
verified() {
	local engine=$1 seed=$2 file=$MOUNT/fio.$1
	while on_time; do
		seed=$((seed + 1))
		rm -f "$file"
		fallocate -l 8M "$file"
		fio_json "fio.$engine" --filename="$file" --ioengine="$engine" --direct=1 --bs=4k \
			--rw=randwrite --size=8M --iodepth=16 --fsync=32 --fallocate=none \
			--verify=crc32c --verify_fatal=1 --randseed="$seed"
	done
}

cached() {
	while on_time; do
		fio_json cached --filename="$MOUNT/cached" --ioengine=mmap --bs=4k --rw=randrw \
			--size=16M --io_size=8M --fallocate=none --verify=crc32c --verify_fatal=1
		fio_json cached --filename="$MOUNT/cached.sync" --ioengine=psync --bs=16k --rw=randwrite \
			--size=16M --io_size=8M --end_fsync=1 --fallocate=none
	done
}

# ---- what disturbs them -----------------------------------------------------

disturb() {
	while on_time; do
		case $((RANDOM % 8)) in
		0) one_of 1 2 3 >/proc/sys/vm/drop_caches ;;
		1) one_of 0 0 1 10 100 2000 >$SYSFS/aio_dio_batch_ms ;;
		2) one_of 1 1 1 0 >$SYSFS/aio_dio_defer ;;
		3) sync -f "$MOUNT" ;;
		4) cat /proc/fs/ext4/vda/aio_dio_pending >/dev/null ;;
		5)
			fsfreeze -f "$MOUNT"
			sleep 0.1
			fsfreeze -u "$MOUNT"
			;;
		6) mount -o "remount,$(one_of dioread_lock dioread_nolock)" "$MOUNT" ;;
		7) cp "$(one_of "$MOUNT"/mix.*)" "$MOUNT/copy" 2>/dev/null || true ;;
		esac
		sleep "0.$((RANDOM % 8))"
	done
}

# A file system that goes away with writes listed, over and over.
remount() {
	local other=/mnt/other
	mkdir -p $other
	mkfs.ext4 -q -F /dev/vdb
	while on_time; do
		mount /dev/vdb $other
		defer /dev/vdb "$(one_of 0 20 2000)"
		fallocate -l 4M $other/file
		fio_json other --filename=$other/file --ioengine=libaio --direct=1 --bs=4k --rw=randwrite \
			--size=4M --iodepth=16 --fallocate=none --verify=crc32c --do_verify=0
		case $((RANDOM % 4)) in
		0)
			mount -o remount,ro $other
			mount -o remount,rw $other
			;;
		1) rm $other/file ;;
		2) fsfreeze -f $other && fsfreeze -u $other ;;
		esac
		umount $other
	done
	check 'second file system: e2fsck' e2fsck -fn /dev/vdb
}

# ---- together ---------------------------------------------------------------

declare -A WORKERS=()

# In the memory group; what it says goes to $WORK/NAME.said.
start() {
	local name=$1
	shift
	(
		echo "$BASHPID" >$GROUP/cgroup.procs
		trap - EXIT
		"$@"
	) >"$WORK/$name.said" 2>&1 &
	WORKERS[$name]=$!
}

finished_well() {
	local round=$1 name status
	for name in "${!WORKERS[@]}"; do
		status=0
		wait "${WORKERS[$name]}" || status=$?
		if ((status)); then
			fail "$round: $name" "status $status: $(tail -n 3 "$WORK/$name.said" | tr '\n' ' ')"
		else
			ok "$round: $name"
		fi
		# Checks that it made itself.
		grep -h '^not ok' "$WORK/$name.said" || true
	done
	WORKERS=()
}

# round SECONDS NAME [MKFS OPTION...] [-- MOUNT OPTION...]
round() {
	local seconds=$1 name=$2
	shift 2
	make_ext4 /dev/vda "$@"
	defer /dev/vda 0
	END=$((SECONDS + seconds))
	start 'random operations 1' mix 1 "$RANDOM"
	start 'random operations 2' mix 2 "$RANDOM"
	start 'random operations 3' mix 3 "$RANDOM"
	start libaio verified libaio "$RANDOM"
	start io_uring verified io_uring "$RANDOM"
	start cached cached
	start disturb disturb
	start remount remount
	finished_well "$name"
	umount "$MOUNT"
	check "$name: e2fsck" e2fsck -fn /dev/vda
}

echo "seed $SEED"
mkdir -p $GROUP
echo +memory >/sys/fs/cgroup/cgroup.subtree_control
echo 256M >$GROUP/memory.max
dmesg -C

shapes=('4k' '1k -b 1024' 'dioread_lock -- -o dioread_lock' 'bigalloc -O bigalloc -C 16384'
	'fast_commit -O fast_commit' 'no_journal -O ^has_journal' 'nodelalloc -- -o nodelalloc'
	'writeback -- -o data=writeback')
start_of_all=$SECONDS
# Each of these takes a while longer than it is asked to.
part=$((SECONDS_WANTED < 480 ? SECONDS_WANTED / 2 : SECONDS_WANTED / 16))
for ((i = 0; SECONDS - start_of_all < SECONDS_WANTED; i++)); do
	read -ra shape <<<"${shapes[i % ${#shapes[@]}]}"
	round "$part" "${shape[@]}"
done
equal 'no conversion has failed' "$(dmesg | grep -c 'failed to convert' || true)" 0
