#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Quota and listed writes: switching it off does not wait for them and leaves none;
# usage is counted right; and a user at his limit still gets what he was told is
# written.
# kernel: 6.12
# disks: 512M
# tags: series
# limit: 300
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/hold.sh"

USER_ID=1000

# Quota in files that anybody can see, as in the time before the feature.
mount_with_quota_files() {
	make_ext4 "$DEVICE" -- -o "usrjquota=aquota.user,jqfmt=vfsv1$1"
	quotacheck -cum "$MOUNT"
	quotaon "$MOUNT"
	defer "$DEVICE" 60000
}

write_as_user() {
	file=$MOUNT/file
	: >"$file"
	chown "$USER_ID" "$file"
	write_blocks "$1"
}

quota_off() {
	local name="quota off, ${1:-delalloc}"
	mount_with_quota_files "${1:+,$1}"
	write_as_user 64
	equal "$name: 64 writes are held" "$(pending_count "$DEVICE")" 64
	in_time "$name: ends" 10 quotaoff "$MOUNT"
	equal "$name: nothing is pending" "$(pending_count "$DEVICE")" 0
	check "$name: the data is there" data_is_there
	in_time "$name: on again" 10 quotaon "$MOUNT"
	in_time "$name: umount ends" 10 umount "$MOUNT"
	check "$name: e2fsck" e2fsck -fn "$DEVICE"
}

quota_off_delalloc() { quota_off; }
quota_off_nodelalloc() { quota_off nodelalloc; }

# Conversions after quota is off again must not touch what it had.
written_after_quota_off() {
	mount_with_quota_files ''
	write_as_user 32
	quotaoff "$MOUNT"
	file=$MOUNT/later
	write_blocks 64
	check 'written after quota off: sync' sync "$file"
	check 'written after quota off: the data is there' data_is_there
	umount "$MOUNT"
	check 'written after quota off: e2fsck' e2fsck -fn "$DEVICE"
}

# e2fsck counts again what the quota inodes say.
usage_is_right() {
	hold 64 -O quota
	chown "$USER_ID" "$file"
	in_time 'quota feature: umount ends' 10 umount "$MOUNT"
	check 'quota feature: e2fsck finds the usage that it counts' e2fsck -fn "$DEVICE"
}

# Every other block of a file is written; by then its owner has nothing left. What
# conversions need for the extent tree must not be refused.
failed_conversions() { dmesg | grep -c 'failed to convert' || true; }

at_the_limit() {
	local used failed
	failed=$(failed_conversions)
	make_ext4 "$DEVICE" -O quota
	defer "$DEVICE" 60000
	file=$MOUNT/file
	fallocate -l 8M "$file"
	chown "$USER_ID" "$file"
	sync "$MOUNT"
	used=$(stat -c %b "$file")
	setquota -u "$USER_ID" 0 $((used / 2)) 0 0 "$MOUNT"
	ORDER='write' blocks_job stride --offset=4k --size=4M --zonemode=strided --zonesize=4k \
		--zonerange=8k --do_verify=0 || true
	at_least 'at the limit: writes are held' "$(pending_count "$DEVICE")" 500
	check 'at the limit: fsync' sync "$file"
	equal 'at the limit: nothing is pending' "$(pending_count "$DEVICE")" 0
	equal 'at the limit: no conversion has failed' "$(failed_conversions)" "$failed"
	ORDER='write' check 'at the limit: the data is there' blocks_job verify --offset=4k --size=4M \
		--zonemode=strided --zonesize=4k --zonerange=8k --verify_only
	umount "$MOUNT"
	check 'at the limit: e2fsck' e2fsck -fn "$DEVICE"
}

run_cases 'quota_off_delalloc quota_off_nodelalloc written_after_quota_off usage_is_right
	at_the_limit' "$@"
