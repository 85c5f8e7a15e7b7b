#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# check sees exactly the writes that fio did on unwritten extents: over files,
# threads, engines and devices; and none that it did elsewhere.
# kernel: 6.12 6.12-stock
# disks: 512M 512M
# tags: check
# limit: 300
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

summary() { jq -r ".$1" "$WORK/summary.json"; }

fio_writes() { jq '[.jobs[].write.total_ios] | add' "$WORK/fio.json"; }
fio_syncs() { jq '[.jobs[].sync.total_ios] | add' "$WORK/fio.json"; }

has_series() { [[ -e /sys/fs/ext4/vda/aio_dio_defer ]]; }

# Preallocated files on both devices: NAME COUNT SIZE.
prepare() {
	local i
	for ((i = 0; i < $2; i++)); do
		fallocate -l "$3" "/mnt/vda/$1.$i"
		fallocate -l "$3" "/mnt/vdb/$1.$i"
	done
	sync
}

# traced NAME STATUS FIO-OPTION...: fio under check.
traced() {
	local name=$1 status=$2
	shift 2
	rm -f "$WORK/summary.json" "$WORK/fio.json"
	status_is "$name: exit status" "$status" "$CONVLIST" check --summary "$WORK/summary.json" -- \
		"${AND_SYNC[@]}" fio --output-format=json --output="$WORK/fio.json" --direct=1 --bs=4k --rw=randwrite \
		--fallocate=none --group_reporting=0 --end_fsync=1 "$@"
	[[ -s $WORK/summary.json && -s $WORK/fio.json ]] || die "$name: no summary: $(cat "$WORK/said")"
}

exact() {
	equal "$1: writes" "$(summary writes)" "$(fio_writes)"
	equal "$1: converted" "$(summary converted)" "$(fio_writes)"
	equal "$1: completed" "$(summary completed)" "$(fio_writes)"
	equal "$1: lost" "$(summary lost)" 0
	equal "$1: violations" "$(summary violations)" 0
	equal "$1: verdict" "$(summary verdict)" ok
}

make_ext4 /dev/vda
make_ext4 /dev/vdb
if has_series; then
	defer /dev/vda 0
	defer /dev/vdb 20
fi

prepare libaio 2 4M
traced libaio 0 --ioengine=libaio --iodepth=16 --fsync=32 --size=4M \
	--name=a --filename=/mnt/vda/libaio.0 --name=b --filename=/mnt/vda/libaio.1 \
	--name=c --filename=/mnt/vdb/libaio.0 --name=d --filename=/mnt/vdb/libaio.1
exact libaio
at_least 'libaio: fsyncs' "$(summary fsyncs)" "$(fio_syncs)"
if has_series; then
	equal 'libaio: all were listed' "$(summary listed)" "$(fio_writes)"
else
	equal 'libaio: a stock kernel lists none' "$(summary listed)" 0
fi

prepare uring 1 4M
traced io_uring 0 --ioengine=io_uring --iodepth=16 --fsync=32 --size=4M \
	--name=a --filename=/mnt/vda/uring.0 --name=b --filename=/mnt/vdb/uring.0
exact io_uring

prepare threads 1 8M
traced threads 0 --ioengine=libaio --iodepth=4 --thread --numjobs=4 --size=2M --offset_increment=2M \
	--fsync=16 --name=t --filename=/mnt/vda/threads.0
exact threads

prepare sync 1 1M
traced 'synchronous writes' 0 --ioengine=psync --fsync=16 --size=1M --name=s --filename=/mnt/vda/sync.0
exact 'synchronous writes'

# 64 KiB pieces over extents that are written here and unwritten there.
prepare large 1 8M
traced 'large writes' 0 --ioengine=libaio --iodepth=8 --bs=64k --fsync=8 --size=8M \
	--name=l --filename=/mnt/vdb/large.0
exact 'large writes'

# The same blocks again: nothing is unwritten now.
traced overwrites 0 --ioengine=libaio --iodepth=16 --fsync=32 --size=4M --name=a \
	--filename=/mnt/vda/libaio.0
equal 'overwrites: writes' "$(summary writes)" 0
equal 'overwrites: verdict' "$(summary verdict)" ok

# At once: overwrites, which complete in a work; writes to unwritten extents, which with the
# series complete in an interrupt; and such of a file with cached pages, in a work. The
# kernel skips a program that it interrupted, but no write is missed.
prepare mixed 3 8M
dd if=/dev/zero of=/mnt/vdb/mixed.0 bs=1M count=8 oflag=direct conv=notrunc status=none
sync
dd if=/mnt/vdb/mixed.2 of=/dev/null bs=4k count=1 status=none
traced mixed 0 --ioengine=libaio --iodepth=16 --invalidate=0 --size=8M \
	--name=overwrites --filename=/mnt/vdb/mixed.0 --loops=4 \
	--name=unwritten --filename=/mnt/vdb/mixed.1 --fsync=64 \
	--name=cached --filename=/mnt/vdb/mixed.2 --fsync=64
wanted=$(jq '[.jobs[] | select(.jobname != "overwrites").write.total_ios] | add' "$WORK/fio.json")
equal 'mixed: writes' "$(summary writes)" "$wanted"
equal 'mixed: converted' "$(summary converted)" "$wanted"
equal 'mixed: completed' "$(summary completed)" "$wanted"
equal 'mixed: lost' "$(summary lost)" 0
equal 'mixed: verdict' "$(summary verdict)" ok

# Filters: of one file, one device, one command, one inode.
prepare filter 5 1M
both=(--ioengine=libaio --iodepth=8 --fsync=32 --end_fsync=1 --size=1M)
filtered() {
	local name=$1 wanted=$2
	shift 2
	"$CONVLIST" check "$@" --summary "$WORK/summary.json" -- \
		fio --output-format=json --output="$WORK/fio.json" --direct=1 --bs=4k --rw=randwrite \
		--fallocate=none "${both[@]}" >"$WORK/said" 2>&1 || true
	equal "filter $name: writes" "$(summary writes)" "$wanted"
	equal "filter $name: verdict" "$(summary verdict)" ok
}
both+=(--name=a --filename=/mnt/vda/filter.0 --name=b --filename=/mnt/vdb/filter.0)
filtered 'by file' 256 -f /mnt/vda/filter.0
both=("${both[@]/filter.0/filter.1}")
filtered 'by device' 256 -d /dev/vdb
both=("${both[@]/filter.1/filter.2}")
filtered 'by command' 512 -c fio
both=("${both[@]/filter.2/filter.3}")
filtered 'by another command' 0 -c postgres
both=("${both[@]/filter.3/filter.4}")
filtered 'by inode' 256 -d /dev/vda -i "$(stat -c %i /mnt/vda/filter.4)"
