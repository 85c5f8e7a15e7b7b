#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# pending shows the kernel's own lists: the same as /proc does, for files that
# are open, closed and unlinked; and says clearly when it cannot.
# kernel: 6.12 6.12-stock
# disks: 256M 64M
# tags: pending
# limit: 300
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

# Rows of the direct writes, as "inode state offset size", like /proc has them.
seen() {
	"$CONVLIST" pending --json "$@" | jq -r 'select(.type == "pending" and .list == "aio_dio") |
		. as $r | .ranges[] | "\($r.ino) \($r.state) \(.offset) \(.size)"' | sort
}
listed() { pending_list "$1" | awk '{ print $1, $2, $3, $4 }' | sort; }
field() { "$CONVLIST" pending --json | jq -r "select(.ino == $1) | $2"; }
total() { "$CONVLIST" pending --json "$@" | jq -r 'select(.type == "pending_summary").writes'; }

# fill FILE WRITES: direct writes into unwritten extents, not synced.
fill() {
	fallocate -l 4M "$1"
	sync "$1"
	fio --output=/dev/null --name=f --filename="$1" --direct=1 --bs=4k --rw=randwrite \
		--size=4M --fallocate=none --ioengine=libaio --iodepth=8 --number_ios="$2"
}

status_is 'no ext4 mounted' 3 "$CONVLIST" pending
check 'no ext4 mounted: message' grep -q 'no ext4 is mounted' "$WORK/said"

# Nobody writes back behind our back, which would flush the lists.
echo 0 >/proc/sys/vm/dirty_writeback_centisecs
make_ext4 /dev/vdb
mkdir -p '/mnt/with blank'
umount /mnt/vdb
mount /dev/vdb '/mnt/with blank'
make_ext4 /dev/vda

status_is 'nothing pending' 0 "$CONVLIST" pending
check 'nothing pending: message' grep -q 'nothing waits' "$WORK/said"
status_is 'not ext4' 3 "$CONVLIST" pending /proc
check 'not ext4: message' grep -q 'not on ext4' "$WORK/said"
status_is 'no such path' 3 "$CONVLIST" pending /nowhere
status_is 'two operands' 2 "$CONVLIST" pending /mnt/vda /mnt/vdb
status_is 'no root' 3 setpriv --reuid 65534 --clear-groups --bounding-set -all "$CONVLIST" pending
check 'no root: message' grep -q 'needs root' "$WORK/said"
equal 'by kprobe' "$(CONVLIST_HOOKS=kprobe total)" 0

# Buffered writeback's list is there in every kernel; entries stay but shortly.
fallocate -l 48M "$MOUNT/buffered"
sync
"$CONVLIST" pending --json --watch 0.001 "$MOUNT" >"$WORK/watched" &
watcher=$!
wait_for 20 test -s "$WORK/watched" || true
# A few rounds, since each shows them with luck only.
for _ in 1 2 3 4 5 6 7 8; do
	fallocate -z -l 48M "$MOUNT/buffered"
	dd if=/dev/zero of="$MOUNT/buffered" bs=1M count=48 conv=notrunc,fsync status=none
	! grep -q '"list":"rsv"' "$WORK/watched" || break
done
sleep 0.5
kill -INT "$watcher"
wait "$watcher" && status=0 || status=$?
equal '--watch ends with Ctrl-C' "$status" 0
at_least '--watch looks again' "$(grep -c pending_summary "$WORK/watched")" 2
if grep -q '"list":"rsv"' "$WORK/watched"; then
	ok 'buffered conversions are shown'
	equal 'buffered: inode' "$(jq -r 'select(.list == "rsv").ino' "$WORK/watched" | sort -u)" \
		"$(stat -c %i "$MOUNT/buffered")"
else
	skip 'buffered conversions are shown' 'none was caught waiting'
fi
equal '--count' "$("$CONVLIST" pending --json --watch 0.01 --count 3 | grep -c pending_summary)" 3

if [[ ! -e /sys/fs/ext4/vda/aio_dio_defer ]]; then
	skip 'direct writes' 'kernel without the series'
	exit 0
fi

defer /dev/vda 600000
defer /dev/vdb 600000
mkdir -p "$MOUNT/a/b"
fill "$MOUNT/a/b/open" 40
exec 7<"$MOUNT/a/b/open"
fill "$MOUNT/closed" 30
fill "$MOUNT/gone" 20
gone=$(stat -c %i "$MOUNT/gone")
rm "$MOUNT/gone"
fill '/mnt/with blank/other' 10

equal 'equal to /proc' "$(seen /dev/vda)" "$(listed /dev/vda)"
equal 'equal to /proc, the other one' "$(seen '/mnt/with blank')" "$(listed /dev/vdb)"
equal 'equal to /proc, by kprobe' "$(CONVLIST_HOOKS=kprobe seen /dev/vda)" "$(listed /dev/vda)"
equal 'all file systems' "$(total)" 100
equal 'one file system' "$(total "$MOUNT")" 90
equal 'one file' "$(total "$MOUNT/closed")" 30
open=$(stat -c %i "$MOUNT/a/b/open")
closed=$(stat -c %i "$MOUNT/closed")
equal 'path of an open file' "$(field "$open" '[.path, .closed, .unlinked] | @csv')" \
	"\"$MOUNT/a/b/open\",false,false"
equal 'path of a closed file' "$(field "$closed" '[.path, .closed, .unlinked] | @csv')" \
	"\"$MOUNT/closed\",true,false"
equal 'an unlinked file' "$(field "$gone" '[.closed, .unlinked] | @csv')" 'true,true'
equal 'a mount point with a blank' \
	"$("$CONVLIST" pending --json | jq -r 'select(.path != null and (.path | contains("other"))).path')" \
	'/mnt/with blank/other'
check 'text' "$CONVLIST" pending
check 'text names the file' bash -c "'$CONVLIST' pending | grep -q '$MOUNT/closed (closed)'"

# The name is gone from memory with its dentry: the inode is still there.
exec 7<&-
echo 2 >/proc/sys/vm/drop_caches
equal 'equal to /proc without dentries' "$(seen /dev/vda)" "$(listed /dev/vda)"

sync -f "$MOUNT/closed" && equal 'empty after sync' "$(total "$MOUNT")" 0
sync '/mnt/with blank/other'
equal 'empty after fsync' "$(total)" 0

# While lists change all the time, what is shown is never torn for long.
defer /dev/vda 1
fallocate -l 32M "$MOUNT/busy"
fio --output=/dev/null --name=f --filename="$MOUNT/busy" --direct=1 --bs=4k --rw=randwrite --size=32M \
	--fallocate=none --ioengine=libaio --iodepth=32 --fsync=256 &
busy=$!
"$CONVLIST" pending --json --watch 0.02 --count 50 >"$WORK/busy" 2>&1 && status=0 || status=$?
wait "$busy"
equal 'busy: exit status' "$status" 0
equal 'busy: pictures' "$(grep -c pending_summary "$WORK/busy")" 50
at_least 'busy: most are whole' "$(grep -c '"complete":true' "$WORK/busy")" 40
