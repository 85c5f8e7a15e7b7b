#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# fio's engines, and writes that are their own fsync, are never misjudged.
# kernel: 6.12 6.12-stock stock-6.1 stock-6.12 stock-newest
# disks: 4G
# machine: -m 4096
# tags: programs
# when: long
# limit: 900
# long-limit: 3600
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/programs.sh"

# engine NAME FIO-OPTION...: two files, sparse and preallocated, in turns of fresh ones:
# a block that is written twice is watched once.
engine() {
	local name=$1
	shift
	wanted_load "fio $name" || return 0
	mkdir -p "$MOUNT/fio"
	judged "fio $name" "$TOP/tests/workload/programs/engines" "$MOUNT/fio" "$LOAD_SECONDS" "$@"
	rm -rf "$MOUNT/fio"
	[[ $name == mmap ]] || seen "fio $name"
}

seen() { at_least "$1: writes on unwritten extents" "$(summary writes)" 100; }

traced_ext4
engine libaio --direct=1 --ioengine=libaio --iodepth=32 --fsync=64
engine io_uring --direct=1 --ioengine=io_uring --iodepth=32 --fdatasync=64
engine posixaio --direct=1 --ioengine=posixaio --iodepth=8 --fsync=32
engine 'psync, O_DSYNC' --direct=1 --ioengine=psync --sync=dsync
engine mmap --ioengine=mmap --fsync=64
if wanted_load RWF_DSYNC; then
	judged RWF_DSYNC "$TOP/out/workload/rwf_dsync" "$MOUNT/rwf" "$LOAD_SECONDS"
	seen RWF_DSYNC
fi
checked_ext4 fio

