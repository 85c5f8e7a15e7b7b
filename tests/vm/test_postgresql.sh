#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# PostgreSQL under pgbench is never misjudged: as people run it; with direct writes of
# its log; and the newest, whose tables are written directly as well, by io_uring.
# kernel: 6.12 6.12-stock stock-6.1 stock-6.12 stock-newest
# disks: 4G
# machine: -m 4096
# tags: programs
# when: long
# limit: 900
# long-limit: 2400
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/programs.sh"

# database NAME SUITE WRITES SETTING=VALUE...: at least so many writes are judged.
database() {
	local name=$1 suite=$2 writes=$3
	shift 3
	wanted_load "$name" || return 0
	traced_ext4
	use_programs "$suite" || return 0
	judged "$name" chroot "$ROOT" /tmp/postgresql load /mnt/pg "$LOAD_SECONDS" "$@"
	at_least "$name: writes on unwritten extents" "$(summary writes)" "$writes"
	check "$name: its own checks" chroot "$ROOT" /tmp/postgresql verify /mnt/pg
	leave_programs
	checked_ext4 "$name"
}

database 'PostgreSQL 15' bookworm 0
database 'PostgreSQL 15, direct O_DSYNC log' bookworm 100 wal_level=minimal max_wal_senders=0 \
	wal_sync_method=open_datasync wal_init_zero=off wal_recycle=off
# Not wal_init as well: with wal_init_zero=off it writes a single byte, directly.
database 'PostgreSQL 18, direct I/O, io_uring' forky 100 io_method=io_uring \
	"debug_io_direct='data,wal'" wal_init_zero=off wal_recycle=off
