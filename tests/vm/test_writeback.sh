#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Buffered writeback to unwritten extents: each range that is sent to the device is followed
# through its conversion and commit to the fsync that owes it; and one whose conversion fails
# is told.
# kernel: 6.12 6.12-stock stock-6.1 stock-6.12 stock-newest
# disks: 256M
# tags: check writeback
# limit: 400
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/failslab.sh"

summary() { jq -r ".$1" "$WORK/summary.json"; }
# Whatever the program is warned of: that is not what this is about.
verdict() { summary verdict | sed 's/^warning$/ok/'; }
held() { jq -r ".rules[] | select(.rule == \"$1\").held" "$WORK/summary.json"; }

prepare() {
	rm -f "$MOUNT/file" "$WORK/summary.json"
	fallocate -l 1M "$MOUNT/file"
	sync -f "$MOUNT"
}

# watched NAME COMMAND...: ok, and nothing is lost or left.
watched() {
	local name=$1
	shift
	status_is "$name: exit status" 0 "$CONVLIST" check --summary "$WORK/summary.json" --record "$WORK/rec" "${FILTER[@]}" -- "$@"
	[[ -s $WORK/summary.json ]] || die "$name: no summary: $(tail -n 3 "$WORK/said")"
	equal "$name: verdict, violations, lost, unconverted" \
		"$(verdict) $(summary violations) $(summary lost) $(summary unconverted)" 'ok 0 0 0'
	"$CONVLIST" trace --writes --json "$WORK/rec" | jq -c 'select(.via == "writeback")' >"$WORK/writebacks"
	echo "$name: $(summary writebacks) ranges, held: converted $(held converted_before_fsync_returns), committed $(held committed_before_fsync_returns)"
	equal "$name: each is in the recording" "$(wc -l <"$WORK/writebacks")" "$(summary writebacks)"
}

# bytes PATH: of the ranges of that file, each byte once.
bytes() {
	jq -s --arg path "$1" 'map(select(.path == $path) | [.offset_bytes, .offset_bytes + .size_bytes])
		| sort | reduce .[] as $r ({sum: 0, end: 0};
			([$r[0], .end] | max) as $from | .sum += ([$r[1] - $from, 0] | max) | .end = ([$r[1], .end] | max)) | .sum' \
		"$WORK/writebacks"
}

make_ext4 /dev/vda
FILTER=(-d /dev/vda)

# Sent to the device and waited for, then fsync: that owes all of it. Of sync_range's options the last one counts.
SYNCED=(xfs_io -c 'pwrite -q 0 1m' -c 'sync_range -w 0 1m' -c 'sync_range -a 0 1m' -c fsync "$MOUNT/file")
prepare
watched 'before fsync' "${SYNCED[@]}"
equal 'before fsync: bytes' "$(bytes "$MOUNT/file")" 1048576
at_least 'before fsync: fsync is held to it' "$(held committed_before_fsync_returns)" 1
equal 'before fsync: stages' "$(jq -c '[.converted_after_ns, .committed_after_ns, .fsync_after_ns, .io_ns, .visible_after_ns]
	| map(. != null)' "$WORK/writebacks" | sort -u)" '[true,true,true,false,false]'
equal 'before fsync: by its own conversion' "$(jq -r '.why' "$WORK/writebacks" | sort -u)" buffered

prepare
watched 'by fsync' xfs_io -c 'pwrite -q 0 1m' -c fsync "$MOUNT/file"
equal 'by fsync: bytes' "$(bytes "$MOUNT/file")" 1048576

# New files have unwritten extents as well, until their data is there.
rm -f "$MOUNT"/new*
watched 'new files' bash -c "for i in 1 2 3 4; do dd if=/dev/zero of=$MOUNT/new\$i bs=64k count=4 conv=fsync status=none; done"
equal 'new files: bytes' "$(for i in 1 2 3 4; do bytes "$MOUNT/new$i"; done | xargs)" '262144 262144 262144 262144'

# Half of the blocks, in random order.
prepare
watched 'many ranges' "${AND_SYNC[@]}" fio --name=f --filename="$MOUNT/file" --size=1M --bs=4k --rw=randwrite --ioengine=psync \
	--fallocate=none --fsync=32 --io_size=512k --output=/dev/null
equal 'many ranges: bytes' "$(bytes "$MOUNT/file")" 524288
# When its data is done, and not only when somebody comes to convert it.
at_least 'many ranges: told before another task converts' "$("$CONVLIST" trace -e writeback,convert --json "$WORK/rec" |
	jq -s 'group_by(.ino, .offset_bytes) | map(select(map(.tid) | unique | length > 1)) | length')" 1

# Every other block is unwritten, in folios that are as large as the kernel makes them: where that
# is larger than a page, one io_end has many ranges.
prepare
for ((i = 0; i < 128; i++)); do echo "pwrite -q $((i * 8192)) 4k"; done | xfs_io -d "$MOUNT/file"
sync
watched 'every other block' xfs_io -c 'pwrite -q -b 1m 0 1m' -c 'sync_range -w 0 1m' -c 'sync_range -a 0 1m' -c fsync "$MOUNT/file"
equal 'every other block: bytes' "$(bytes "$MOUNT/file")" 524288

# Two programs at once, one of them by direct writes, to different blocks.
prepare
watched 'beside direct writes' "${AND_SYNC[@]}" fio --fallocate=none --output=/dev/null --bs=4k --rw=randwrite --fsync=16 \
	--filename="$MOUNT/file" --size=512k --name=direct --direct=1 --ioengine=libaio --iodepth=8 \
	--name=buffered --direct=0 --ioengine=psync --offset=512k
equal 'beside direct writes: writes' "$(summary writes) $(summary converted)" '128 128'
equal 'beside direct writes: bytes' "$(bytes "$MOUNT/file")" 524288

prepare
CONVLIST_HOOKS=kprobe "$CONVLIST" check --summary "$WORK/summary.json" --record "$WORK/rec" -d /dev/vda -- "${SYNCED[@]}" >"$WORK/said" 2>&1 || true
if (($(summary lost))); then
	equal 'by kprobes: what is missed makes it inconclusive' "$(verdict)" inconclusive
else
	equal 'by kprobes: verdict' "$(verdict) $(summary violations)" 'ok 0'
fi
at_least 'by kprobes: ranges' "$(summary writebacks)" 1

prepare
CONVLIST_BPF=basic watched 'by the basic programs' "${SYNCED[@]}"
equal 'by the basic programs: bytes' "$(bytes "$MOUNT/file")" 1048576

# Whose it is is not known.
prepare
FILTER=(-c xfs_io)
watched 'filtered by program' "${SYNCED[@]}"
equal 'filtered by program: none' "$(summary writebacks)" 0
FILTER=(-d /dev/vda)

# Blocks that are smaller than a page: a page may have several ranges.
umount "$MOUNT"
make_ext4 /dev/vda -b 1024
prepare
# shellcheck disable=SC2016 # of xfs_io's shell
watched 'parts of pages' bash -c 'for ((i = 0; i < 64; i++)); do echo "pwrite -q $((i * 4096)) 1k"; echo "pwrite -q $((i * 4096 + 2048)) 1k"; done |
	xfs_io "$1" && xfs_io -c "sync_range -w 0 1m" -c "sync_range -a 0 1m" -c fsync "$1"' parts "$MOUNT/file"
# With dioread_lock, as older kernels have it for these, blocks are converted when they are mapped, and there is nothing to wait for.
if grep -qx dioread_nolock "/proc/fs/ext4/$(ext4_name /dev/vda)/options"; then
	equal 'parts of pages: bytes' "$(bytes "$MOUNT/file")" 131072
else
	equal 'parts of pages: none' "$(summary writebacks)" 0
fi

# A conversion that fails. fsync returns 0 on kernels where nobody tells it.
if ! can_fail_below; then
	skip 'a conversion that fails' 'this kernel cannot make allocations fail by call chain'
	exit "$FAILED"
fi
prepare
cat >"$WORK/fail" <<-SCRIPT
	echo 100 >$SLAB/probability
	xfs_io -c 'pwrite -q 0 64k' -c 'sync_range -w 0 64k' -c 'sync_range -a 0 64k' -c fsync $MOUNT/file >$WORK/fsync 2>&1
	echo 0 >$SLAB/probability
SCRIPT
fail_below ext4_convert_unwritten_io_end_vec
STATUS=0
"$CONVLIST" check --summary "$WORK/summary.json" -d /dev/vda -- bash "$WORK/fail" >"$WORK/said" 2>&1 || STATUS=$?
fail_nowhere
echo "a conversion that fails: status $STATUS, fsync: $(cat "$WORK/fsync")"
at_least 'a conversion that fails: counted' "$(summary conversion_errors)" 1
check 'a conversion that fails: told' grep -q "warning: a conversion failed: .*($MOUNT/file)$" "$WORK/said"
if [[ -s $WORK/fsync ]]; then
	equal 'a conversion that fails: fsync told' "$(held conversion_error_reaches_fsync)" 1
else
	equal 'a conversion that fails: fsync did not' "$STATUS $(verdict)" '4 inconclusive'
fi

# stat's facts are figures, but of a failure.
prepare
fail_below ext4_convert_unwritten_io_end_vec
"$CONVLIST" stat -- bash "$WORK/fail" >"$WORK/said_by_stat" 2>&1 || true
fail_nowhere
check 'a conversion that fails: told by stat' grep -q 'warning: a conversion failed: ' "$WORK/said_by_stat"
exit "$FAILED"
