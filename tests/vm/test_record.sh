#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A recording says what was said live, survives kill -9 and a full disk, and the
# flight recorder saves what it was waiting for.
# kernel: 6.12 6.12-nofsync
# disks: 512M
# tags: check record
# One CPU, as for test_errors: hooks come and go while fio is busy.
# machine: -c 1
# limit: 300
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

make_ext4 /dev/vda
# On the kernel that breaks its promise, the verdict is that it does: what is listed
# when an fsync returns stays so for a while.
if [[ $KERNEL == *nofsync* ]]; then
	VERDICT=violation STATUS=1
	defer /dev/vda 200
else
	VERDICT=ok STATUS=0
	defer /dev/vda 20
fi

new_file() {
	rm -f "$MOUNT/file"
	fallocate -l "$1" "$MOUNT/file"
	sync
}

# Leaves its command line in FIO.
fio_for() {
	FIO=(fio --name=r --filename="$MOUNT/file" --size="$1" --fallocate=none --rw=randwrite --bs=4k
		--direct=1 --ioengine=libaio --iodepth=16 --fsync=32 --output=/dev/null "${@:2}")
}

# Writes at a pace until it is told to end; there is something unwritten for minutes.
begin_load() {
	new_file 256M
	fio_for 256M --rate_iops=400 --time_based --runtime=160
	"${FIO[@]}" &
	load=$!
}
end_load() {
	kill "$load" 2>/dev/null || true
	wait "$load" 2>/dev/null || true
}

same_said() {
	if diff <(grep -v '^  source ' "$1") <(grep -v '^  source ' "$2") >"$WORK/diff"; then
		ok "$3"
	else
		fail "$3" "$(head -n 5 "$WORK/diff" | tr '\n' ' ')"
	fi
}

# ---- live and replayed --------------------------------------------------------
new_file 4M
fio_for 4M --end_fsync=1
status=0
"$CONVLIST" check --record "$WORK/live.rec" -- "${FIO[@]}" >"$WORK/live" 2>&1 || status=$?
equal 'check while recording: exit status' "$status" "$STATUS"
status=0
"$CONVLIST" check "$WORK/live.rec" >"$WORK/replayed" 2>&1 || status=$?
equal 'replayed: exit status' "$status" "$STATUS"
at_least 'replayed: writes' "$(awk '$1 == "writes" { print $2 }' "$WORK/replayed")" 1024
same_said "$WORK/live" "$WORK/replayed" 'live and replayed say the same'
"$CONVLIST" check --json "$WORK/live.rec" >"$WORK/json" 2>&1 || true
check 'replayed as JSON' jq -se 'last.verdict == "'"$VERDICT"'"' "$WORK/json"
echo "# $(stat -c %s "$WORK/live.rec") bytes for $(jq -s 'last.writes' "$WORK/json") writes"

# ---- record, and everything that reads it, as nobody --------------------------
new_file 4M
status_is 'record: exit status' 0 "$CONVLIST" record -o "$WORK/run.rec" -- "${FIO[@]}"
chmod 755 "$WORK"
chmod 644 "$WORK/run.rec"
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
status_is 'check as nobody' "$STATUS" as_nobody "$CONVLIST" check --json "$WORK/run.rec"
check 'check as nobody: nothing lost' jq -se 'last | .lost == 0 and .malformed == 0 and .writes == 1024' \
	"$WORK/said"
status_is 'report as nobody' 0 as_nobody "$CONVLIST" report --json "$WORK/run.rec"
check 'report: the file is there by its name' jq -se \
	'any(.type == "inode" and .path == "'"$MOUNT"'/file" and .writes == 1024)' "$WORK/said"
check 'report: the slowest are in order' jq -se \
	'map(select(.type == "slow_fsync").took_ns) | length > 0 and . == (sort | reverse)' "$WORK/said"
status_is 'trace as nobody' 0 as_nobody "$CONVLIST" trace --writes --json "$WORK/run.rec"
equal 'trace: each write' "$(jq -s 'map(select(.type == "write")) | length' "$WORK/said")" 1024
status_is 'by the name that it had' "$STATUS" "$CONVLIST" check --json -f "$MOUNT/file" "$WORK/run.rec"
check 'by the name that it had: all of it' jq -se 'last.writes == 1024' "$WORK/said"
status_is 'by a name that nothing had' 3 "$CONVLIST" check -f /no/such/file "$WORK/run.rec"

# ---- killed ---------------------------------------------------------------------
"$CONVLIST" record -o "$WORK/killed.rec" >"$WORK/said" 2>&1 &
recorder=$!
begin_load
bytes() { (($(stat -c %s "$WORK/killed.rec") > 20000)); }
wait_for 30 bytes || die "nothing is recorded: $(cat "$WORK/said")"
kill -KILL "$recorder"
wait "$recorder" || true
[[ $STATUS == 1 ]] && killed=1 || killed=4
status_is 'killed: exit status' "$killed" "$CONVLIST" check "$WORK/killed.rec"
check 'killed: it says so' grep -q 'has no end\|is cut off' "$WORK/said"
at_least 'killed: what was written is there' "$(awk '$1 == "writes" { print $2 }' "$WORK/said")" 200

# ---- a disk that is full ----------------------------------------------------------
mkdir -p /mnt/tiny
mount -t tmpfs -o size=64k none /mnt/tiny
status_is 'full disk: exit status' 3 timeout 60 "$CONVLIST" record -o /mnt/tiny/full.rec -D 50
check 'full disk: it says so' grep -qi 'no space left' "$WORK/said"
status_is 'full disk: what is there' "$killed" "$CONVLIST" check /mnt/tiny/full.rec
at_least 'full disk: writes' "$(awk '$1 == "writes" { print $2 }' "$WORK/said")" 100
umount /mnt/tiny
end_load

# ---- hooks come and go while there are writes -----------------------------------
begin_load
for i in 1 2; do
	status_is "running load, $i: exit status" "$STATUS" "$CONVLIST" check --summary "$WORK/summary.json" -D 3
	equal "running load, $i: nothing is lost" "$(jq -c .lost_where "$WORK/summary.json")" \
		'{"ring":0,"writes":0,"fsyncs":0,"submitter":0,"missed":0}'
	at_least "running load, $i: writes" "$(jq .writes "$WORK/summary.json")" 200
done
end_load

# ---- the flight recorder -----------------------------------------------------------
"$CONVLIST" record --json --last 3s -o "$WORK/flight.rec" >"$WORK/flight" 2>&1 &
recorder=$!
wait_for 60 grep -q '"type":"recording"' "$WORK/flight" || die 'it does not begin'
begin_load
saves() { [[ -s $WORK/flight.rec.1 ]]; }
if [[ $STATUS == 1 ]]; then
	wait_for 30 saves || die "nothing was saved: $(tail -n 3 "$WORK/flight")"
	wanted=rule
else
	sleep 5
	check 'flight recorder: nothing is saved when no rule is broken' test ! -e "$WORK/flight.rec.1"
	kill -USR1 "$recorder"
	wait_for 10 saves || die "nothing was saved: $(tail -n 3 "$WORK/flight")"
	wanted=signal
fi
sleep 0.5
check 'flight recorder: why it saved' jq -se 'any(.type == "saved" and .saved_for == "'$wanted'")' "$WORK/flight"
status_is 'flight recorder: the verdict on it' "$STATUS" "$CONVLIST" check --json "$WORK/flight.rec.1"
span=$("$CONVLIST" trace --json "$WORK/flight.rec.1" | jq -s 'map(.ts_ns) | (max - min) / 1e9 | floor')
at_least 'flight recorder: no more than it shall keep' 6 "$span"
kill -INT "$recorder"
wait "$recorder" || true
end_load
status_is 'flight recorder: its last stretch' "$STATUS" "$CONVLIST" check "$WORK/flight.rec"
