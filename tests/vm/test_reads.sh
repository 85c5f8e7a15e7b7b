#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Reads in the middle of direct writes: those that see a completed write are counted,
# and none is accused on a kernel that is well; nor of blocks that were made unwritten again.
# Without --reads nothing is said of them.
# kernel: 6.12 6.12-stock stock-6.1 stock-6.12 stock-newest
# disks: 256M
# tags: check stock
# limit: 400
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

RULE=read_sees_completed_write

summary() { jq -r ".$1" "$WORK/summary.json"; }
# Whatever the program is warned of: that is not what this is about.
verdict() { summary verdict | sed 's/^warning$/ok/'; }
rule() { jq -r ".rules[] | select(.rule == \"$RULE\").$1" "$WORK/summary.json"; }

# judged NAME OPTION... -- COMMAND...
judged() {
	local name=$1 status=0
	local -a options=()
	shift
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	rm -f "$WORK/summary.json"
	"$CONVLIST" check "${options[@]}" --summary "$WORK/summary.json" --record "$WORK/rec" -- \
		"$@" >"$WORK/said" 2>&1 || status=$?
	[[ -s $WORK/summary.json ]] || die "$name: no summary: $(tail -n 3 "$WORK/said")"
	echo "$name: $(summary verdict), $(summary lost) lost, $(summary writes) writes, held $(rule held); $SECONDS s"
	equal "$name: status, verdict, lost" "$status $(verdict) $(summary lost)" '0 ok 0'
	equal "$name: the command" "$(summary command_status.exit)" 0
}

# reads FILTER: of those in the recording, each once.
reads() { "$CONVLIST" trace --json -e read "$WORK/rec" | jq -r "select(.kind == \"read\") | $1" | sort -u; }

fresh() {
	rm -f "$MOUNT/file" "$MOUNT/other"
	fallocate -l 2M "$MOUNT/file"
	fallocate -l 2M "$MOUNT/other"
	sync
}

# Each block is read back soon after it was written, others at random; and at last all of a
# file of which the page cache has nothing yet.
mixed() {
	fio --output="$WORK/fio" --size=2M --bs=4k --direct=1 --fallocate=none \
		--name=a --filename="$MOUNT/file" --rw=randwrite --ioengine=libaio --iodepth=16 \
		--verify=crc32c --verify_backlog=32 \
		--name=b --filename="$MOUNT/other" --rw=randrw --ioengine=io_uring --iodepth=8 \
		--verify=crc32c \
		--name=c --filename="$MOUNT/file" --rw=randread --direct=0 --ioengine=psync \
		--name=d --filename="$MOUNT/file" --rw=randread --direct=0 --ioengine=mmap \
		--name=e --stonewall --filename="$MOUNT/other" --rw=read --direct=0 --ioengine=psync
}

# Zeros, and rightly so.
made_unwritten() {
	local how
	for how in 'fzero 0 64k' 'fpunch 0 64k' 'truncate 0'; do
		fio --output="$WORK/fio" --size=64k --bs=4k --direct=1 --fallocate=none --name=a \
			--filename="$MOUNT/file" --rw=write --ioengine=libaio --iodepth=16 || return 1
		xfs_io -d -c "$how" -c 'falloc 0 2M' -c 'pread 0 64k' "$MOUNT/file" || return 1
		xfs_io -c 'pread 0 64k' "$MOUNT/file" || return 1
	done
}
export -f mixed made_unwritten
export MOUNT WORK

# Where nothing is put off, there is no list to hold.
hold() { [[ ! -e /sys/fs/ext4/$(ext4_name /dev/vda)/aio_dio_defer ]] || defer /dev/vda "$1"; }

make_ext4 /dev/vda
hold 20
fresh
judged 'mixed' --reads -- bash -c mixed
at_least 'mixed: it has been judged' "$(rule held)" 1
status_is 'mixed: the recording says the same' 0 "$CONVLIST" check "$WORK/rec"
equal 'mixed: reads of both sorts are in the recording' \
	"$(reads '"\(.comm) \(.direct)"' | xargs)" 'fio false fio true'
hold 60000
fresh
judged 'made unwritten' --reads -- bash -c made_unwritten
equal 'made unwritten: reads of both sorts find it so' \
	"$(reads 'select(.unwritten).direct' | xargs)" 'false true'
judged 'not asked for' -- bash -c made_unwritten
equal 'not asked for: that is said' "$(rule verdict) $(rule reason)" 'off only with --reads'
equal 'not asked for: no read is told' \
	"$(reads .kind)" ''
