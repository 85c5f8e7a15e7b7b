#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Six threads write the same files with libaio, io_uring and calls, and note what
# each sync promised. The log of what reached the device is replayed to each of
# these promises and to points between: recovered there, what was promised is in
# the files, nothing old shows, and e2fsck finds nothing. On the kernel without the
# flush in fsync the same search finds what is lost: it can fail.
#
# A slice of it, or all of it with CONVLIST_LONG=1.
# kernel: 6.12 6.12-nofsync
# disks: 32M 4G
# machine: -a brd.rd_nr=4 -a brd.rd_size=32768
# tags: crash
# limit: 240
# long-limit: 5400
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/dm.sh"

CRASH=$TOP/out/workload/crash
LONG=${CONVLIST_LONG:-0}
# Nobody else makes the nodes.
export DM_DISABLE_UDEV=1
# One replay for each: the device, and one for the snapshots.
LANES=('/dev/ram0 /dev/ram1' '/dev/ram2 /dev/ram3')

# The same file system on the disk and on what the replays start from, full of a
# pattern that no file may show. prepare [MKFS OPTION...]
prepare() {
	local lane
	"$CRASH" fill /dev/vda
	mkfs.ext4 -q -F -b 4096 -J size=4 -N 128 -E nodiscard,lazy_itable_init=0,lazy_journal_init=0 \
		"$@" /dev/vda
	for lane in "${LANES[@]}"; do
		dd if=/dev/vda of="${lane% *}" bs=1M oflag=direct status=none
	done
}

# Mounts it over the log. logged DEFER BATCH_MS MOUNT_OPTIONS
#
# dm-log-writes gives what was written since the last flush to the flush that is
# submitted next, and logs it when that one ends. Of two flushes at once, the second
# may end first: what it made durable is not in the log yet. Disks get one flush at a
# time, from the block layer; device mapper targets do not. So there is a loop device
# on top, which does.
logged() {
	local sectors
	sectors=$(blockdev --getsz /dev/vda)
	DEVICE=$(dm_create logged "0 $sectors log-writes /dev/vda /dev/vdb")
	LOOP=$(losetup -f --show --direct-io=on "$DEVICE")
	mkdir -p "$WORK/logged"
	mount -o "$3" "$LOOP" "$WORK/logged"
	echo "$2" >"/sys/fs/ext4/${LOOP##*/}/aio_dio_batch_ms"
	echo "$1" >"/sys/fs/ext4/${LOOP##*/}/aio_dio_defer"
}

end_of_log() {
	umount "$WORK/logged"
	losetup -d "$LOOP"
	dmsetup status logged | grep -q logging_disabled && die "$1: the log is not complete"
	dmsetup remove --retry logged
}

# In parallel; results are summed into the associative array FOUND.
# replay OPTION...
replay() {
	local lane i=0 key pid status=0
	local -a pids=()
	for lane in "${LANES[@]}"; do
		mkdir -p "$WORK/replay$i"
		# shellcheck disable=SC2086 # two devices
		"$CRASH" replay "$@" --part "$i/${#LANES[@]}" /dev/vdb $lane "$WORK/notes" \
			"$WORK/replay$i" >"$WORK/replay$i.said" 2>&1 &
		pids+=("$!")
		i=$((i + 1))
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || status=$(($? > status ? $? : status))
	done
	cat "$WORK"/replay*.said
	((status <= 1)) || die "replay ended with status $status"
	FOUND=()
	while read -r key i; do
		FOUND[$key]=$((${FOUND[$key]:-0} + i))
	done < <(sed -nE '/^stops /s/([a-z0-9]+) ([0-9]+) ?/\1 \2\n/gp' "$WORK"/replay*.said | grep .)
}
declare -A FOUND

# shape NAME MARKS BETWEEN BATCH_MS MKFS_OPTIONS MOUNT_OPTIONS [OPTION FOR write...]
# writes until there are so many marks, replays to each of them, and to so many
# points between.
shape() {
	local name=$1 marks=$2 between=$3 batch_ms=$4 mkfs=$5 options=$6
	local start=$SECONDS
	local -a repair=()
	shift 6
	[[ $mkfs != *^has_journal* ]] || repair=(--repair)
	# shellcheck disable=SC2086 # several options
	prepare $mkfs
	logged 1 "$batch_ms" "$options"
	"$CRASH" write --log logged --marks "$marks" --seed "$marks" "$@" "$WORK/logged" "$WORK/notes"
	end_of_log "$name"
	replay --options "$options" --between "$between" "${repair[@]}"
	echo "$name: ${FOUND[stops]} stops in $((SECONDS - start)) s"
	at_least "$name: replayed to marks" "${FOUND[marks]}" "$marks"
	equal "$name: replayed to points between" "${FOUND[between]}" "$between"
	at_least "$name: promised blocks were found" "${FOUND[kept]}" "$((marks * 50))"
	equal "$name: nothing comes from the future" "${FOUND[future]}" 0
}

# What it must be on the series.
kept() {
	shape "$@"
	equal "$1: recovery ends well" "${FOUND[unmountable]}" 0
	equal "$1: e2fsck finds nothing" "${FOUND[e2fsck]}" 0
	equal "$1: all that was promised is there" \
		"missing ${FOUND[missing]} older ${FOUND[older]} gone ${FOUND[gone]}" \
		'missing 0 older 0 gone 0'
	equal "$1: nothing old shows" "${FOUND[foreign]}" 0
}

# What it must be without the flush in fsync.
lost() {
	shape "$@"
	equal "$1: recovery ends well" "${FOUND[unmountable]}" 0
	at_least "$1: the broken kernel has lost what it promised" "${FOUND[missing]}" 1
}

# What the checker is for, done to the files one by one.
checker_finds() {
	local dir a b c
	make_ext4 /dev/vda
	dir=$MOUNT
	"$CRASH" write --marks 20 --keep "$dir" "$WORK/notes"
	promised() { awk -v file="$1" '$1 == "p" && $2 == file { print $3; exit }' "$WORK/notes"; }
	a=$(promised 1) b=$(promised 2) c=$(promised 3)
	checker() { "$CRASH" check "$dir" "${1:-$WORK/notes}" | grep -oE 'missing.*'; }
	equal 'checker: nothing to be found' "$(checker)" 'missing 0 older 0 foreign 0 future 0 gone 0'
	sed -E "s/^(p 1 $a [0-9]+) .*/\\1 999999999/" "$WORK/notes" >"$WORK/other_notes"
	equal 'checker: an older generation' "$(checker "$WORK/other_notes" | grep -c 'older [1-9]')" 1
	fallocate -p -o "$((a * 4096))" -l 4096 "$dir/f1"
	equal 'checker: a block that is missing' "$(checker)" 'missing 1 older 0 foreign 0 future 0 gone 0'
	dd if="$dir/f3" of="$dir/f2" bs=4096 count=1 skip="$c" seek="$b" conv=notrunc status=none
	equal 'checker: data of another file' "$(checker)" 'missing 1 older 0 foreign 1 future 0 gone 0'
	dd if="$dir/f4" of="$dir/f3" bs=512 count=1 seek="$((c * 8 + 7))" conv=notrunc status=none
	equal 'checker: a mixture' "$(checker)" 'missing 1 older 0 foreign 2 future 0 gone 0'
	rm "$dir/f4"
	equal 'checker: a file that is gone' "$(checker)" 'missing 1 older 0 foreign 2 future 0 gone 1'
	umount "$dir"
}

# scaled SLICE WHOLE
scaled() { if ((LONG)); then echo "$2"; else echo "$1"; fi; }

direct=libaio,libaio,io_uring,io_uring,pwrite
checker_finds
case $KERNEL in
*nofsync*)
	lost 'no flush in fsync' "$(scaled 30 200)" "$(scaled 0 100)" 20 '' ''
	lost 'no flush in fsync, writes are held' "$(scaled 20 100)" "$(scaled 0 100)" 30000 '' ''
	;;
*)
	kept default "$(scaled 60 1000)" "$(scaled 60 1000)" 0 '' ''
	kept 'writes are held' "$(scaled 20 250)" "$(scaled 20 250)" 1000 '' ''
	kept '1k blocks' "$(scaled 20 250)" "$(scaled 20 250)" 0 '-b 1024' '' --block 1024 --workers $direct
	# Nothing is put off there (test_window.sh has it), so what is lost is lost on
	# stock kernels as well.
	skip 'fast commit' 'after a power cut stock 6.12 cannot always replay them; nothing is put off there'
	kept bigalloc "$(scaled 20 250)" "$(scaled 20 250)" 0 '-O bigalloc -C 16384' ''
	# Blocks that are freed may be used again before that is committed, so files stay.
	kept 'data=writeback' "$(scaled 20 250)" "$(scaled 20 250)" 0 '' data=writeback --keep
	kept nodioread_nolock "$(scaled 20 250)" "$(scaled 20 250)" 0 '' nodioread_nolock
	# Without a journal nothing is atomic: a promise holds when fsync returns, and
	# until the next change of the metadata begins. So one thread writes, nothing
	# is under way at a mark, and no other point is looked at.
	kept 'no journal' "$(scaled 20 100)" 0 0 '-O ^has_journal' '' --quiet --workers libaio --files 8
	;;
esac
