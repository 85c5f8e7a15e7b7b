#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# MariaDB with native asynchronous I/O and O_DIRECT is never misjudged.
# kernel: 6.12 6.12-stock stock-6.1 stock-6.12 stock-newest
# disks: 4G
# machine: -m 4096
# tags: programs
# when: long
# limit: 900
# long-limit: 2400
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/programs.sh"

# database NAME SUITE AIO OPTION...
database() {
	local name=$1 suite=$2 aio=$3
	shift 3
	wanted_load "$name" || return 0
	traced_ext4
	use_programs "$suite" || return 0
	judged "$name" chroot "$ROOT" /tmp/mariadb load /mnt/maria "$LOAD_SECONDS" --innodb-flush-method=O_DIRECT \
		--innodb-use-native-aio=1 --innodb-buffer-pool-size=32M --innodb-log-file-size=32M "$@"
	check "$name: native asynchronous I/O" grep -qE "Using $aio" "$WORK/said"
	at_least "$name: writes on unwritten extents" "$(summary writes)" 100
	check "$name: its own checks" chroot "$ROOT" /tmp/mariadb verify /mnt/maria
	leave_programs
	checked_ext4 "$name"
}

database 'MariaDB 10.11, libaio' bookworm 'Linux native AIO' --innodb-linux-aio=aio
database 'MariaDB 11.8, io_uring' forky io_uring --innodb-linux-aio=io_uring
