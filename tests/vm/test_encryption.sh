#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Encrypted files: all that must hold in the window holds for them, and a key can be
# removed while writes are listed. Direct I/O needs inline encryption, which the
# block layer does in software here.
# kernel: 6.12
# disks: 512M
# tags: series
# limit: 300
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/hold.sh"
. "$TOP/tests/lib/window.sh"

add_key() { xfs_io -c add_enckey "$MOUNT" <"$WORK/key" | awk '{ print $NF }'; }

remove_key() { xfs_io -c "rm_enckey $KEY" "$MOUNT" >"$WORK/removed" 2>&1; }

# An encrypted folder, and the key that opens it in $KEY.
encrypted() {
	make_ext4 "$DEVICE" -O encrypt "$@"
	defer "$DEVICE" 60000
	head -c 64 /dev/urandom >"$WORK/key"
	KEY=$(add_key)
	FOLDER=$MOUNT/folder
	mkdir "$FOLDER"
	xfs_io -c "set_encpolicy -v 2 $KEY" "$FOLDER"
	file=$FOLDER/file
}

in_the_window() {
	fill_with_old_data "$DEVICE"
	encrypted "${KEEP_OLD_DATA[@]}" -O verity "$@"
	window encrypted "$DEVICE" "$FOLDER"
	at_least 'encrypted: all cases ran' "$(wc -l <"$WORK/cases")" 70
	umount "$MOUNT"
	check 'encrypted: e2fsck' e2fsck -fn "$DEVICE"
}

inline() { in_the_window -- -o inlinecrypt; }

# Then there is no direct I/O: writes are cached, and nothing is ever listed.
not_inline() {
	encrypted
	write_blocks 64
	equal 'not inline: nothing is listed' "$(pending_count "$DEVICE")" 0
	check 'not inline: the data is there' data_is_there
	umount "$MOUNT"
}

# guard: sync_fs
key_removed() {
	encrypted -- -o inlinecrypt
	write_blocks 64
	equal 'key removed: 64 writes are held' "$(pending_count "$DEVICE")" 64
	in_time 'key removed: ends' 10 remove_key
	status_is 'key removed: no file is in use' 1 grep -iE 'in use|busy' "$WORK/removed"
	equal 'key removed: nothing is pending' "$(pending_count "$DEVICE")" 0
	status_is 'key removed: the file is locked' 1 test -e "$file"
	add_key >/dev/null
	check 'key removed, added again: the data is there' data_is_there
	umount "$MOUNT"
	check 'key removed: e2fsck' e2fsck -fn "$DEVICE"
}

run_cases 'inline not_inline key_removed' "$@"
