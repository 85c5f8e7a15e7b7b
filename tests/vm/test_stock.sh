#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The distribution's own kernels as shipped, with ext4 as a module: check sees exactly
# what fio did, trace and pending show it.
# kernel: stock-6.1 stock-6.12 stock-newest
# disks: 256M
# tags: stock
# limit: 300
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

summary() { jq -r ".$1" "$WORK/summary.json"; }

make_ext4 /dev/vda

# watched NAME CLASS WRITES FIO-OPTION...: full, sequential writes of preallocated files.
# Only where hooks were asked for that are not the best ones may facts be missed: that is
# said, and then nothing is ok.
watched() {
	local name=$1 class=$2 writes=$3 status=0 file
	shift 3
	rm -f "$MOUNT"/f? "$WORK/summary.json"
	for file in f1 f2 f3 f4; do
		fallocate -l 4M "$MOUNT/$file"
	done
	sync
	CONVLIST_HOOKS=$class "$CONVLIST" check --summary "$WORK/summary.json" --record "$WORK/rec" -- \
		"${AND_SYNC[@]}" fio --output=/dev/null --direct=1 --bs=4k --rw=write --size=4M --fallocate=none \
		--fsync=64 --end_fsync=1 "$@" >"$WORK/said" 2>&1 || status=$?
	[[ -s $WORK/summary.json ]] || die "$name: no summary: $(cat "$WORK/said")"
	echo "$name: $(summary lost) lost, of these $(summary lost_where.missed) missed; $SECONDS s"
	equal "$name: violations" "$(summary violations)" 0
	if [[ -n $class ]] && (($(summary lost_where.missed))); then
		equal "$name: missed programs make it inconclusive" "$status $(summary verdict)" '4 inconclusive'
		at_least "$name: most writes are seen" "$(summary converted)" $((writes / 2))
		return
	fi
	equal "$name: writes, completed, converted" \
		"$(summary writes) $(summary completed) $(summary converted)" "$writes $writes $writes"
	equal "$name: verdict" "$status $(summary verdict) $(summary lost)" '0 ok 0'
}

watched asynchronous '' 2048 --iodepth=16 --name=a --filename="$MOUNT/f1" --ioengine=libaio \
	--name=b --filename="$MOUNT/f2" --ioengine=io_uring
at_least 'commits are seen' "$(summary commits)" 1
# Tasks in each other's way: where the kernel preempts them, also within programs.
watched 'four at once' '' 4096 --iodepth=16 --ioengine=libaio --name=a --filename="$MOUNT/f1" \
	--name=b --filename="$MOUNT/f2" --name=c --filename="$MOUNT/f3" --name=d --filename="$MOUNT/f4"
watched 'synchronous, by kprobes' kprobe 1024 --name=a --filename="$MOUNT/f1" --ioengine=psync

"$CONVLIST" trace --writes --json "$WORK/rec" | grep '"type":"write"' >"$WORK/writes"
equal 'trace: writes' "$(wc -l <"$WORK/writes")" 1024
equal 'trace: stages' "$(jq -c '[.io_ns, .visible_after_ns, .converted_after_ns, .committed_after_ns,
	.fsync_after_ns] | map(. != null)' "$WORK/writes" | sort -u)" '[true,true,true,true,true]'
equal 'trace: path' "$(jq -r .path "$WORK/writes" | sort -u)" "$MOUNT/f1"
# Without the series a conversion comes first, each time.
equal 'trace: conversion before completion' \
	"$(jq -c 'select(.converted_after_ns > .visible_after_ns)' "$WORK/writes" | wc -l)" 0

status_is 'pending: of direct writes there is none' 0 "$CONVLIST" pending --json
equal 'pending: nothing' "$(jq -r 'select(.type == "pending_summary") | "\(.writes) \(.complete)"' "$WORK/said")" '0 true'

# Buffered writeback's list: entries stay but shortly. A file system has one worker for them,
# and that waits while a commit writes what it has to change: then those of others stay.
BUFFERED=("$MOUNT"/buffered{1,2,3,4})
timeout 120 "$CONVLIST" pending --json --watch 0.01 --count 400 "$MOUNT" >"$WORK/watched" &
watcher=$!
wait_for 30 test -s "$WORK/watched" || true
for file in "${BUFFERED[@]}"; do
	fallocate -l 1M "$file"
	while kill -0 "$watcher" 2>/dev/null; do
		fallocate -z -l 1M "$file"
		dd if=/dev/zero of="$file" bs=64k count=16 conv=notrunc oflag=sync status=none
	done &
done
wait "$watcher" && status=0 || status=$?
wait
equal 'pending: exit status' "$status" 0
if grep -q '"list":"rsv"' "$WORK/watched"; then
	equal 'pending: others than the inodes and their paths' "$(jq -r 'select(.list == "rsv") | "\(.ino) \(.path)"' \
		"$WORK/watched" | sort -u | grep -vxF "$(stat -c '%i %n' "${BUFFERED[@]}")" || true)" ''
else
	skip 'pending: others than the inodes and their paths' 'none was caught waiting'
fi
echo "$SECONDS s"
