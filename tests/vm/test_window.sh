#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Between completion and conversion nothing shows zeros or old data, on the
# shapes of file system that people use.
# kernel: 6.12
# disks: 256M
# tags: series
# limit: 300
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

# Whatever is read from space that was not written must be zeros, not this.
yes 'old data' | dd of=/dev/vda bs=1M iflag=fullblock status=none 2>/dev/null || true

shape() {
	local name=$1 line what
	shift
	make_ext4 /dev/vda -E nodiscard,lazy_itable_init=0,lazy_journal_init=0 "$@"
	# Nothing is converted unless somebody needs it.
	defer /dev/vda 60000
	"$TOP/out/workload/window" "$MOUNT" /sys/fs/ext4/vda/nr_aio_dio_pending >"$WORK/cases" || true
	while read -r line; do
		case $line in
		'not ok '*)
			what=${line#not ok }
			fail "window $name: ${what%% - *}" "${what#* - }"
			;;
		'ok '*) ok "window $name: ${line#ok }" ;;
		'skip '*)
			what=${line#skip }
			skip "window $name: ${what%% - *}" "${what#* - }"
			;;
		esac
	done <"$WORK/cases"
	at_least "window $name: all cases ran" "$(wc -l <"$WORK/cases")" 30
	umount "$MOUNT"
	check "window $name: e2fsck" e2fsck -fn /dev/vda
}

shape 4k
shape 1k -b 1024
shape nodelalloc -- -o nodelalloc,dioread_lock
shape writeback -- -o data=writeback
shape fast_commit -O fast_commit
shape no_journal -O ^has_journal
shape bigalloc -O bigalloc -C 16384
