#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the rules find on a kernel that keeps its promises: nothing; and that they do
# judge there. A conversion is made to fail, and its fsync says so.
# kernel: 6.12
# disks: 256M
# tags: check
# limit: 400
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/failslab.sh"

# rule NAME: verdict, how often broken, unsure, held.
rule() {
	jq -r ".rules[] | select(.rule == \"$1\") | \"\(.verdict) \(.violations) \(.unsure) \(.held)\"" \
		"$WORK/summary.json"
}

# dsync NAME HELD FIO-OPTION...: 128 writes; as many as HELD promise by themselves.
dsync() {
	local name=$1 held=$2
	shift 2
	rm -f "$MOUNT/file"
	fallocate -l 512k "$MOUNT/file"
	status_is "$name: exit status" 0 "$CONVLIST" check --summary "$WORK/summary.json" -- \
		fio --name=d --filename="$MOUNT/file" --size=512k --rw=randwrite --bs=4k --direct=1 \
		--fallocate=none --output=/dev/null "$@"
	equal "$name: verdict, broken, unsure, held" "$(rule dsync_durable_at_completion)" "ok 0 0 $held"
}

make_ext4 /dev/vda
defer /dev/vda 20
dsync 'libaio, O_DSYNC' 128 --ioengine=libaio --iodepth=8 --sync=dsync
dsync 'io_uring, O_DSYNC' 128 --ioengine=io_uring --iodepth=8 --sync=dsync
dsync 'synchronous, O_SYNC' 128 --ioengine=psync --sync=sync
dsync 'libaio, fsync' 0 --ioengine=libaio --iodepth=8 --fsync=16

# A write over a block that is not written and one that is takes two steps to convert,
# with a handle each, and the second finds nothing to do: it is not for its transaction
# that fdatasync has to wait. Other programs' fsyncs end transactions in between.
stripes() {
	rm -f "$MOUNT/file"
	fallocate -l 8M "$MOUNT/file"
	fio --name=s --filename="$MOUNT/file" --size=8M --rw=write:4k --bs=4k --direct=1 \
		--fallocate=none --end_fsync=1 --output=/dev/null
	status_is 'partly written: exit status' 0 "$CONVLIST" check --summary "$WORK/summary.json" -- \
		fio --output=/dev/null --fallocate=none --runtime=12 --ioengine=psync \
		--name=d --filename="$MOUNT/file" --offset=4k --size=8184k --rw=randwrite --bs=8k \
		--direct=1 --fdatasync=1 \
		--name=other --directory="$MOUNT" --numjobs=3 --size=16M --rw=write --bs=4k --fsync=1
	at_least 'partly written: writes' "$(jq .writes "$WORK/summary.json")" 100
	equal 'partly written: violations' "$(jq .violations "$WORK/summary.json")" 0
}
defer /dev/vda 20
stripes

# ---- conversions that fail --------------------------------------------------

# met NAME PROBABILITY CONVLIST-ARGUMENT...: 16 writes are held, and fsync converts
# them; what xfs_io said of it is in $WORK/fsync.
met() {
	local name=$1
	rm -f "$MOUNT/file"
	fallocate -l 64k "$MOUNT/file"
	sync
	cat >"$WORK/meet" <<-SCRIPT
		fio --name=w --filename=$MOUNT/file --size=64k --rw=randwrite --bs=4k --direct=1 \
			--ioengine=libaio --iodepth=4 --fallocate=none --output=/dev/null
		echo $2 >$SLAB/probability
		xfs_io -c fsync $MOUNT/file >$WORK/fsync 2>&1
		echo 0 >$SLAB/probability
	SCRIPT
	status_is "$name: exit status" 0 "$CONVLIST" "${@:3}" -- bash "$WORK/meet"
}

if ! can_fail_below; then
	skip 'conversions that fail' 'this kernel cannot make allocations fail by call chain'
	exit 0
fi
defer /dev/vda 60000
fail_below jbd2__journal_start
met 'no memory' 100 check --summary "$WORK/summary.json"
at_least 'no memory: fsync fails' "$(grep -c 'Cannot allocate' "$WORK/fsync" || true)" 1
equal 'no memory: the error reached fsync' "$(rule conversion_error_reaches_fsync)" 'ok 0 0 16'
equal 'no memory: no other rule is broken' "$(jq .violations "$WORK/summary.json")" 0
met 'memory' 0 check --summary "$WORK/summary.json"
equal 'memory: fsync does not fail' "$(cat "$WORK/fsync")" ''
equal 'memory: there was no error to tell' "$(rule conversion_error_reaches_fsync)" 'ok 0 0 0'
equal 'memory: all are converted' "$(rule converted_before_fsync_returns)" 'ok 0 0 16'

# Whoever looks at statistics alone is told as well.
met 'no memory, stat' 100 stat --json --by inode
at_least 'no memory, stat: failures are counted' \
	"$(jq -R 'fromjson? | select(.type == "stat_counts").convert_errors' "$WORK/said" | tail -n 1)" 1
check 'no memory, stat: failures are told: errno, range, inode, path' grep -qE \
	"failed: Cannot allocate memory, [0-9]+ bytes at [0-9]+ of inode $(stat -c %i "$MOUNT/file") .*$MOUNT/file" "$WORK/said"
fail_nowhere
