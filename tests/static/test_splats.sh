#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What in the kernel's log fails a test.
. "$(dirname "$0")/../lib/test.sh"
. "$TOP/tests/lib/splats.sh"

# told SPLATS PANICS LINE: how often LINE counts as either.
told() {
	equal "$3" "$(grep -cE "$SPLAT" <<<"[ 1.23] $3") $(grep -cE "$PANIC" <<<"[ 1.23] $3")" "$1 $2"
}

told 1 1 'BUG: KASAN: slab-use-after-free in ext4_aio_dio_drop+0x1/0x2'
told 1 1 'BUG: kernel NULL pointer dereference, address: 0000000000000008'
told 1 1 'BUG: sleeping function called from invalid context at fs/ext4/aio_dio.c:1'
told 1 1 'BUG: KCSAN: data-race in ext4_aio_dio_list / ext4_aio_dio_take'
told 1 1 'BUG: KCSAN: data-race in flush_aio_dio_completed_IO / kfree'
told 0 0 'BUG: KCSAN: data-race in aio_complete / aio_read_events'
told 0 0 'BUG: KCSAN: data-race in do_nanosleep / hrtimer_wakeup'
told 1 0 'WARNING: CPU: 0 PID: 1 at fs/ext4/aio_dio.c:1'
told 1 0 'WARNING: possible circular locking dependency detected'
told 1 0 'INFO: task fio:123 blocked for more than 60 seconds.'
told 0 1 'kernel BUG at fs/ext4/aio_dio.c:1!'
told 0 1 'Kernel panic - not syncing: Fatal exception'
told 0 0 'EXT4-fs (vda): mounted filesystem r/w with ordered data mode'
