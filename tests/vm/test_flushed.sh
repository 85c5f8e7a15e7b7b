#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A device with a volatile cache has to be told to empty it. With barriers ext4 does so,
# by the journal or by itself; without them it does not, and check finds just that: of
# fsyncs, and of O_DSYNC writes. A device without such a cache is not judged.
# kernel: 6.12 6.12-stock
# disks: 256M
# tags: check
# limit: 300
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

CACHE=/sys/block/vda/queue/write_cache

summary() { jq -r ".$1" "$WORK/summary.json"; }
# Whatever the program is warned of: that is not what this is about.
verdict() { summary verdict | sed 's/^warning$/ok/'; }
# rule NAME: verdict, how often broken, unsure; then how often held.
rule() {
	jq -r ".rules[] | select(.rule == \"$1\") | \"\(.verdict) \(.violations) \(.unsure) \(.held)\"" \
		"$WORK/summary.json"
}
broken() { jq -r '.rules[] | select(.violations > 0).rule' "$WORK/summary.json" | xargs; }

has_series() { [[ -e /sys/fs/ext4/$(ext4_name /dev/vda)/aio_dio_defer ]]; }

# run NAME FIO-OPTION...: 256 writes of preallocated blocks.
run() {
	local name=$1
	shift
	! has_series || defer /dev/vda 20
	rm -f "$MOUNT/file" "$WORK/summary.json"
	fallocate -l 1M "$MOUNT/file"
	sync
	STATUS=0
	"$CONVLIST" check --summary "$WORK/summary.json" --record "$WORK/rec" -- \
		fio --name=f --filename="$MOUNT/file" --size=1M --rw=randwrite --bs=4k --direct=1 \
		--fallocate=none --output=/dev/null "$@" >"$WORK/said" 2>&1 || STATUS=$?
	[[ -s $WORK/summary.json ]] || die "$name: no summary: $(tail -n 3 "$WORK/said")"
	LOST=$(summary lost)
	echo "$name: $(summary verdict), $LOST lost, fsync: $(rule flushed_before_fsync_returns)," \
		"dsync: $(rule dsync_durable_at_completion); $SECONDS s"
}
async() { run "$1" --ioengine=libaio --iodepth=8 --fsync=16 --end_fsync=1 "${@:2}"; }
dsync() { run "$1" --ioengine=libaio --iodepth=8 --sync=dsync "${@:2}"; }

# Kernels that preempt tasks inside a program may pass over it: then nothing is certain.
lossy() {
	((LOST)) || return 1
	equal "$1: nothing is said after a loss" "$STATUS $(summary violations)" '4 0'
}

# clean NAME RULE: and it has been judged.
clean() {
	! lossy "$1" || return 0
	equal "$1: verdict, broken" "$STATUS $(verdict) $(broken)" '0 ok '
	at_least "$1: judged" "$(rule "$2" | cut -d ' ' -f 4)" 1
}

# found NAME RULE: that, and nothing else.
found() {
	! lossy "$1" || return 0
	equal "$1: verdict, broken" "$STATUS $(verdict) $(broken)" "1 violation $2"
	check "$1: the story tells of the device" \
		grep -qE '^  device +cache=volatile flushed=no last_flush=' "$WORK/said"
	status_is "$1: the recording says the same" 1 "$CONVLIST" check "$WORK/rec"
}

caches_told() {
	"$CONVLIST" trace --json -e fsync_end "$WORK/rec" | jq -r 'select(.kind == "fsync_end").cache' |
		sort -u | xargs
}

equal 'the device has a volatile cache' "$(cat $CACHE)" 'write back'
make_ext4 /dev/vda
async 'barriers'
clean 'barriers' flushed_before_fsync_returns
equal 'barriers: the cache is told of' "$(caches_told)" volatile
dsync 'barriers, O_DSYNC'
clean 'barriers, O_DSYNC' dsync_durable_at_completion

make_ext4 /dev/vda -- -o nobarrier
async 'no barriers'
found 'no barriers' flushed_before_fsync_returns
dsync 'no barriers, O_DSYNC'
found 'no barriers, O_DSYNC' dsync_durable_at_completion

echo 'write through' >$CACHE
async 'no barriers, no cache'
lossy 'no barriers, no cache' ||
	equal 'no barriers, no cache: not judged' \
		"$STATUS $(rule flushed_before_fsync_returns)" '0 ok 0 0 0'
equal 'no barriers, no cache: that is told' "$(caches_told)" none
echo 'write back' >$CACHE

# The other ways to a commit. The journal asks for the flush before the commit's record,
# or after it; or there is none, and fsync asks.
make_ext4 /dev/vda -- -o journal_async_commit,data=writeback
async 'asynchronous commits'
clean 'asynchronous commits' flushed_before_fsync_returns
make_ext4 /dev/vda -O fast_commit
async 'fast commits'
lossy 'fast commits' ||
	equal 'fast commits: all flushed' "$(rule flushed_before_fsync_returns | cut -d ' ' -f 1-3)" 'ok 0 0'
make_ext4 /dev/vda -O ^has_journal
async 'no journal'
lossy 'no journal' || equal 'no journal: verdict, broken' "$STATUS $(broken)" '0 '

# What of the file system's device a commit flushes is the journal's alone when the journal
# is elsewhere, unless the transaction has ordered data: conversions are none. fsync takes
# the commit's flush for its own, and the data is left in the cache.
if [[ $KERNEL != stock-* ]]; then
	umount "$MOUNT"
	mke2fs -q -F -O journal_dev -b 4096 /dev/ram0
	make_ext4 /dev/vda -J device=/dev/ram0
	async 'journal elsewhere'
	found 'journal elsewhere' flushed_before_fsync_returns
	dsync 'journal elsewhere, O_DSYNC'
	found 'journal elsewhere, O_DSYNC' dsync_durable_at_completion
fi
