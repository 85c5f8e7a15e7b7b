#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# stat counts in the kernel what check is told of: each write through its stages, each
# fsync through its parts; by device, inode and command; and no fact reaches the ring.
# kernel: 6.12 6.12-stock stock-6.1 stock-6.12 stock-newest
# disks: 256M
# tags: stat stock
# limit: 300
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

make_ext4 /dev/vda
[[ ! -e /sys/fs/ext4/vda/aio_dio_defer ]] || defer /dev/vda 0

# job OUTPUT STAT-OPTION...: 1024 writes of a preallocated file, an fsync after each 32.
job() {
	local output=$1
	shift
	rm -f "$MOUNT/f"
	fallocate -l 4M "$MOUNT/f"
	sync
	"$CONVLIST" stat --json "$@" -- fio --output=/dev/null --name=f --filename="$MOUNT/f" \
		--direct=1 --bs=4k --rw=randwrite --size=4M --fallocate=none --ioengine=libaio \
		--iodepth=16 --fsync=32 --end_fsync=1 >"$output" 2>"$WORK/err" ||
		die "stat ended with $?: $(cat "$WORK/err")"
}
counted() { jq -r "select(.type == \"stat_counts\").$1" "$WORK/stat"; }
stage() { jq -r "select(.type == \"stat_stage\" and .stage == \"$1\") | $2" "$WORK/stat"; }
lost() { jq -r 'select(.type == "stat").lost' "$1" | tail -n 1; }

# seen NAME GOT WANTED: exact, unless the kernel passed over a program, which is said.
seen() {
	if (($(lost "$WORK/stat"))); then
		at_least "$1 (with programs missed)" "$2" $(($3 * 9 / 10))
	else
		equal "$1" "$2" "$3"
	fi
}

job "$WORK/stat" --by inode --histogram
seen writes "$(counted writes)" 1024
seen completed "$(counted completed)" 1024
seen converted "$(counted converted)" 1024
equal failed "$(counted convert_errors) $(counted fsync_errors)" '0 0'
equal inode "$(counted 'ino')" "$(stat -c %i "$MOUNT/f")"
equal path "$(counted path)" "$MOUNT/f"
at_least fsyncs "$(counted fsyncs)" 32
for name in io convert_wait convert visible durable; do
	seen "stage $name" "$(stage "$name" .count)" 1024
done
for name in fsync fsync_data fsync_commit; do
	at_least "stage $name" "$(stage "$name" .count)" 32
done
if [[ -e /sys/fs/ext4/vda/aio_dio_defer ]]; then
	equal 'all were listed' "$(counted listed)" 1024
	at_least 'stage fsync_pending' "$(stage fsync_pending .count)" 1
else
	seen 'converted before it is visible' "$(stage after_convert .count)" 1024
fi
equal 'figures are in order' \
	"$(jq -r 'select(.type == "stat_stage") | .p50_ns <= .p99_ns and .p99_ns <= .max_ns and .mean_ns <= .max_ns' \
		"$WORK/stat" | sort -u)" true
equal 'buckets hold what stages count' \
	"$(jq -s '[.[] | select(.type == "stat_bucket" and .stage == "io").count] | add' "$WORK/stat")" "$(stage io .count)"
equal 'parts are no longer than the whole' "$(jq -s '
	[.[] | select(.type == "stat_stage")] | map({(.stage): (.mean_ns * .count)}) | add
	| .fsync_data + .fsync_commit <= .fsync' "$WORK/stat")" true

job "$WORK/stat" --by comm 0.5
seen 'intervals: writes' "$(jq -s '[.[] | select(.type == "stat_counts" and .comm == "fio").writes] | add' "$WORK/stat")" 1024
at_least 'intervals' "$(grep -c '"type":"stat",' "$WORK/stat" || true)" 1

rm -f "$MOUNT/f"
status_is 'COUNT' 0 timeout 60 "$CONVLIST" stat --json -d /dev/vda 0.2 2
equal 'COUNT: looks' "$(grep -c '"type":"stat"' "$WORK/said")" 2
if [[ $KERNEL != stock-* ]]; then
	CONVLIST_HOOKS=kprobe job "$WORK/stat" --by device
	seen 'by kprobes: converted' "$(counted converted)" 1024
	at_least 'by kprobes: stage fsync_commit' "$(stage fsync_commit .count)" 32
fi

"$CONVLIST" stat --json -d /dev/vda 0.1 >"$WORK/said" 2>&1 &
watcher=$!
wait_for 60 grep -q '"type":"stat"' "$WORK/said" || true
kill -INT "$watcher"
wait "$watcher" && status=0 || status=$?
equal 'Ctrl-C ends it' "$status" 0
status_is 'a closed pipe ends it' 0 bash -o pipefail -c "timeout 60 '$CONVLIST' stat 0.1 | head -n 1"
status_is '--duration' 0 timeout 60 "$CONVLIST" stat --json --duration 0.2
equal '--duration: one look, at the end' "$(grep -c '"type":"stat"' "$WORK/said")" 1
status_is 'a command that fails' 0 "$CONVLIST" stat -- false
check 'a command that fails: said' grep -q 'ended with status 1' "$WORK/said"
status_is 'no such command' 3 "$CONVLIST" stat -- /nonexistent
status_is 'wrong --by' 2 "$CONVLIST" stat --by nonsense
status_is 'no number' 2 "$CONVLIST" stat nonsense
status_is 'no COUNT' 2 "$CONVLIST" stat 1 0
status_is 'COMMAND without --' 2 "$CONVLIST" stat 1 2 true
status_is 'no root' 3 setpriv --reuid 65534 --clear-groups --bounding-set -all "$CONVLIST" stat
check 'no root: message' grep -q 'needs root' "$WORK/said"
