#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Programs that use fsync too early, not at all, or again after it failed, or not for the
# directory of a new name, are warned of;
# their twins that do it right are not. Neither changes the exit status, but --strict does.
# kernel: 6.12 6.12-stock stock-6.1 stock-6.12 stock-newest
# disks: 256M 256M
# tags: check stock
# limit: 900
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"
. "$TOP/tests/lib/dm.sh"

MISUSE=$TOP/out/workload/misuse

summary() { jq -r ".$1" "$WORK/summary.json"; }
# rule NAME: verdict, how many warnings.
rule() { jq -r ".rules[] | select(.rule == \"$1\") | \"\(.verdict) \(.warnings)\"" "$WORK/summary.json"; }
unsure() { jq -r ".rules[] | select(.rule == \"$1\").unsure" "$WORK/summary.json"; }
warned() { sed -nE 's/^\{.*"type":"warning","rule":"([a-z_0-9]+)".*/\1/p' "$WORK/said" | sort -u | xargs; }

# Of the warning about a name.
named() { grep -h '"type":"warning","rule":"new_name' "$WORK/said" | jq -r ".name$1"; }
named_path() { grep -h '"type":"warning","rule":"new_name' "$WORK/said" | jq -r .path; }

# For the log.
story() { grep -h '"type":"warning"' "$WORK/said" || true; }

# judged STATUS NAME CHECK-OPTION... -- COMMAND...: what a ring holds of a file is
# gone a moment after its program.
judged() {
	local wanted=$1 name=$2 got=0 i
	shift 2
	for ((i = 0; i < 3; i++)); do
		rm -f "$WORK/summary.json"
		got=0
		"$CONVLIST" check --json --summary "$WORK/summary.json" "$@" >"$WORK/said" 2>"$WORK/errors" || got=$?
		[[ -s $WORK/summary.json ]] || die "$name: no summary: $(tail -n 3 "$WORK/errors")"
		# Where tasks are preempted within a program, the kernel passes over some.
		(($(summary lost_where.missed))) || break
	done
	if (($(summary lost_where.missed))); then
		equal "$name: missed programs make it inconclusive" "$got $(summary verdict)" '4 inconclusive'
		return 1
	fi
	[[ $(summary command_status.exit) != 127 ]] || die "$name: $(tail -n 3 "$WORK/errors")"
	equal "$name: status" "$got" "$wanted"
	equal "$name: violations, lost" "$(summary violations) $(summary lost)" '0 0'
	if grep -q '^misuse:' "$WORK/errors"; then
		fail "$name: misuse" "$(grep '^misuse:' "$WORK/errors")"
	fi
}

misuse() { echo "'$MISUSE' $*; sleep 0.5"; }

wrong() {
	local case=$1 rule=$2
	judged 0 "$case" -- bash -c "$(misuse "$case" "$MOUNT/file")" || return 0
	equal "$case: verdict" "$(summary verdict)" warning
	equal "$case: $rule" "$(rule "$rule")" 'warning 1'
	story
}

right() {
	local case=$1
	judged 0 "$case, done right" -- bash -c "$(misuse -r "$case" "$MOUNT/file")" || return 0
	equal "$case, done right: verdict, warnings, what is printed" \
		"$(summary verdict) $(summary warnings) $(warned)" 'ok 0 '
}

has_target() { modprobe -q "dm-$1" || true; dmsetup targets 2>/dev/null | grep -q "^$1 "; }

# Each run loads the programs anew, which takes its time in an emulated machine: all of
# it on the series, a part on the others.
case $KERNEL in
6.12 | 6.12-debug | 6.12-kcsan) SOME=0 ;;
*) SOME=1 ;;
esac

# Writes that take longer than it takes an fsync to begin, also where a worker does it.
DEVICE=/dev/vda
if has_target delay; then
	SECTORS=$(blockdev --getsz /dev/vda)
	DEVICE=$(dm_create slow "0 $SECTORS delay /dev/vda 0 0 /dev/vda 0 100")
fi
make_ext4 "$DEVICE"
[[ ! -e /sys/fs/ext4/$(ext4_name "$DEVICE")/aio_dio_defer ]] || defer "$DEVICE" 20

for way in libaio threads libaio-sent uring; do
	if [[ $way == libaio-sent || $way == uring ]] && [[ $DEVICE == /dev/vda ]]; then
		skip "flight-$way" 'no dm-delay here: the writes may be done when the worker begins'
		continue
	fi
	wrong "flight-$way" no_write_in_flight_at_fsync
	((SOME)) || right "flight-$way"
done
if [[ $DEVICE != /dev/vda ]]; then
	umount "$MOUNT"
	dmsetup remove slow
	make_ext4 /dev/vda
	[[ ! -e /sys/fs/ext4/vda/aio_dio_defer ]] || defer /dev/vda 20
fi

for way in uring libaio pwrite; do
	((!SOME)) || [[ $way == uring ]] || continue
	wrong "unsynced-$way" completed_write_is_synced
	equal "unsynced-$way: nothing else" "$(warned)" completed_write_is_synced
	right "unsynced-$way"
done

# Names: the file is synced, its directory is not.
for way in create rename link; do
	((!SOME)) || [[ $way == rename ]] || continue
	wrong "name-$way" new_name_is_synced
	equal "name-$way: nothing else" "$(warned)" new_name_is_synced
	equal "name-$way: how" "$(named .how)" "$way"
	equal "name-$way: the path" "$(named_path)" "$MOUNT/file.new"
	# ext4 commits a new file with its name, and no name that came later.
	equal "name-$way: ext4 wrote it down as well" "$(named .written_too)" "$([[ $way == create ]] && echo true || echo false)"
	right "name-$way"
	((SOME)) || equal "name-$way, done right: names that were synced" \
		"$(jq -r '.rules[] | select(.rule == "new_name_is_synced").held' "$WORK/summary.json")" 2
done
# Nobody has to sync a directory whose changes are synchronous, or a name that is gone.
if ((!SOME)); then
	mkdir -p "$MOUNT/sync"
	chattr +D "$MOUNT/sync"
	if judged 0 'a synchronous directory' -- bash -c "$(misuse name-rename "$MOUNT/sync/file")"; then
		equal 'a synchronous directory: verdict' "$(summary verdict) $(summary warnings)" 'ok 0'
	fi
	if judged 0 'unlinked name' -- bash -c "$(misuse name-rename "$MOUNT/file"); rm '$MOUNT/file.new'"; then
		equal 'unlinked name: verdict' "$(summary verdict) $(summary warnings)" 'ok 0'
	fi
	if judged 0 'syncfs' -- bash -c "$(misuse name-link "$MOUNT/file"); sync -f '$MOUNT'"; then
		equal 'syncfs: verdict' "$(summary verdict) $(summary warnings)" 'ok 0'
	fi
	if judged 0 'sync DIR' -- bash -c "$(misuse name-rename "$MOUNT/file"); sync '$MOUNT'"; then
		equal 'sync DIR: verdict' "$(summary verdict) $(summary warnings)" 'ok 0'
	fi
fi

# --strict, and a recording.
if judged 1 'strict' --strict --record "$WORK/rec" -- bash -c "$(misuse unsynced-libaio "$MOUNT/file")"; then
	status_is 'strict, from a recording' 1 "$CONVLIST" check --strict "$WORK/rec"
	status_is 'from a recording' 0 "$CONVLIST" check "$WORK/rec"
	check 'from a recording: the warning' grep -q '^warning' "$WORK/said"
fi

# Somebody else syncs it: another program, or the whole file system.
if judged 0 'sync FILE later' -- bash -c "$(misuse unsynced-libaio "$MOUNT/file"); sync '$MOUNT/file'"; then
	equal 'sync FILE later: verdict' "$(summary verdict)" ok
fi
if ((!SOME)) && judged 0 'sync later' -- bash -c "$(misuse unsynced-pwrite "$MOUNT/file"); sync"; then
	equal 'sync later: verdict' "$(summary verdict)" ok
fi
# A file that is to go away.
if ((!SOME)) && judged 0 'unlinked' -- bash -c "exec 3<>'$MOUNT/file'; rm '$MOUNT/file'; fallocate -l 1M /dev/fd/3
	dd if=/dev/zero of=/dev/fd/3 bs=64k count=16 oflag=direct conv=notrunc status=none"; then
	equal 'unlinked: verdict' "$(summary verdict)" ok
fi
if judged 0 'deleted later' -- bash -c "$(misuse unsynced-pwrite "$MOUNT/file"); rm '$MOUNT/file'"; then
	equal 'deleted later: verdict' "$(summary verdict)" ok
fi

# fio has writes in flight at each fsync, and syncs at the end: that is its right.
fallocate -l 4M "$MOUNT/fio"
sync
for engine in libaio io_uring; do
	((!SOME)) || [[ $engine == libaio ]] || continue
	rm -f "$MOUNT/fio"
	fallocate -l 4M "$MOUNT/fio"
	sync
	if judged 0 "fio $engine" -- "${AND_SYNC[@]}" fio --name=f --output=/dev/null --filename="$MOUNT/fio" --size=4M --bs=4k \
		--rw=randwrite --direct=1 --fallocate=none --ioengine=$engine --iodepth=16 --fsync=32 --end_fsync=1; then
		equal "fio $engine: verdict, warnings" "$(summary verdict) $(summary warnings) $(warned)" 'ok 0 '
		story
		echo "fio $engine: $(unsure no_write_in_flight_at_fsync) of $(summary fsyncs) fsyncs covered writes late"
	fi
done

# ---- fsyncs that fail ----

if ! has_target flakey; then
	skip 'fsyncs that fail' 'this kernel has no dm-flakey here'
	echo "$SECONDS s"
	exit "$FAILED"
fi
SECTORS=$(blockdev --getsz /dev/vdb)
DEVICE=$(dm_create flaky "0 $SECTORS linear /dev/vdb 0")
make_ext4 "$DEVICE"

# Another table at once: a suspend that waits would sync everything.
table() {
	dmsetup suspend --nolockfs --noflush flaky
	dmsetup load flaky --table "$1"
	dmsetup resume flaky
}

# What was written is committed; the fsync has to flush the device, and cannot.
cat >"$WORK/fail" <<SCRIPT
set -eu
$(declare -f table)
coproc { exec '$MISUSE' "\$@" 2>&1; }
pid=\$COPROC_PID
exec 3<&"\${COPROC[0]}" 4>&"\${COPROC[1]}"
read -r said <&3
[[ \$said == written ]] || { echo "\$said" >&2; exit 1; }
sync -f '$MOUNT'
table '0 $SECTORS flakey /dev/vdb 0 0 3600 1 error_writes'
echo >&4
read -r said <&3
table '0 $SECTORS linear /dev/vdb 0'
[[ \$said == failed ]] || { echo "\$said" >&2; exit 1; }
echo >&4
wait "\$pid"
SCRIPT
for way in retry retry-libaio retry-uring; do
	((!SOME)) || [[ $way == retry ]] || continue
	if judged 0 "$way" -- bash "$WORK/fail" "$way" "$MOUNT/file"; then
		equal "$way: verdict" "$(summary verdict) $(warned)" 'warning fsync_error_not_retried'
		equal "$way: how many" "$(rule fsync_error_not_retried)" 'warning 1'
		story
		equal "$way: the command" "$(summary command_status.exit)" 0
	fi
	if judged 0 "$way, done right" -- bash "$WORK/fail" -r "$way" "$MOUNT/file"; then
		equal "$way, done right: verdict" "$(summary verdict) $(warned)" 'ok '
		equal "$way, done right: the command" "$(summary command_status.exit)" 0
	fi
done
umount "$MOUNT"
dmsetup remove flaky

# Two threads, one error: a page's writeback takes long enough for both to wait for it,
# and fails. Nobody else may write the page before.
echo 0 >/proc/sys/vm/dirty_writeback_centisecs
DEVICE=$(dm_create flaky "0 $SECTORS linear /dev/vdb 0")
dmsetup create bad --table '0 8 error'
dmsetup mknodes
make_ext4 "$DEVICE" -- -o commit=300
cat >"$WORK/race" <<SCRIPT
set -eu
$(declare -f table)
coproc { exec '$MISUSE' "\$@" 2>&1; }
pid=\$COPROC_PID
exec 3<&"\${COPROC[0]}" 4>&"\${COPROC[1]}"
read -r said at <&3
[[ \$said == written ]] || { echo "\$said \$at" >&2; exit 1; }
at=\$((at * 8))
table "0 \$at linear /dev/vdb 0
\$at 8 delay /dev/mapper/bad 0 300
\$((at + 8)) \$(($SECTORS - at - 8)) linear /dev/vdb \$((at + 8))"
echo >&4
read -r said <&3
table '0 $SECTORS linear /dev/vdb 0'
[[ \$said == failed ]] || { echo "\$said" >&2; exit 1; }
echo >&4
wait "\$pid"
SCRIPT
if judged 0 race -- bash "$WORK/race" race "$MOUNT/file"; then
	equal 'race: verdict' "$(summary verdict) $(warned)" 'warning racing_fsync_covers_both'
	equal 'race: the command' "$(summary command_status.exit)" 0
	story
fi
if judged 0 'race, done right' -- bash "$WORK/race" -r race "$MOUNT/file"; then
	equal 'race, done right: verdict' "$(summary verdict) $(warned)" 'ok '
	equal 'race, done right: the command' "$(summary command_status.exit)" 0
fi
umount "$MOUNT"
dmsetup remove flaky
dmsetup remove bad
echo "$SECONDS s"
