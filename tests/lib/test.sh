# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced by tests. A test says `ok NAME`, `not ok NAME - WHY` or
# `skip NAME - WHY`, one line each, as often as it likes; tests/run counts them.
# A test that ends with a status but 0, or says nothing at all, has failed too.
set -euo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CONVLIST=$TOP/out/convlist
export TOP CONVLIST
# Before a command: what it wrote is synced after it. For fio's end_fsync does nothing where
# the last thing that fio began was an fsync, though io_uring may have sent that one before
# the writes were done; check warns of it, rightly.
# shellcheck disable=SC2016,SC2034 # of that shell; by tests
AND_SYNC=(bash -c 'status=0; "$@" || status=$?; sync; exit "$status"' and_sync)
WORK=$(mktemp -d)
export WORK

FAILED=0

ok() { echo "ok $1"; }
# Goes on: later checks of the same test may still tell something.
fail() {
	FAILED=1
	echo "not ok $1 - ${2:-}"
}
skip() { echo "skip $1 - $2"; }

# Ends the whole test: nothing after this makes sense.
die() {
	fail "$(basename "$0" .sh)" "$*"
	exit 1
}

# check NAME COMMAND...: ok if it succeeds; else what it said.
check() {
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		ok "$name"
	else
		fail "$name" "'$*' failed: $(tail -n 3 <<<"$said" | tr '\n' ' ')"
	fi
}

# equal NAME GOT WANTED
equal() {
	if [[ $2 == "$3" ]]; then
		ok "$1"
	else
		fail "$1" "got '$2', wanted '$3'$(reasons "$2")"
	fi
}

# reasons GOT: why the last run of check was inconclusive, if that is what was got.
reasons() {
	[[ $1 == *inconclusive* && -s $WORK/summary.json ]] || return 0
	jq -r '"; lost: \(.lost_where); " + ([.rules[] | select(.verdict == "inconclusive") |
		"\(.rule): \(.unsure) unsure, \(.reason)"] | join("; "))' "$WORK/summary.json"
}

# at_least NAME GOT MINIMUM
at_least() {
	if (($2 >= $3)); then
		ok "$1"
	else
		fail "$1" "got $2, wanted at least $3"
	fi
}

# status_is NAME WANTED COMMAND...: the exit status; output goes to $WORK/said.
status_is() {
	local name=$1 wanted=$2 got=0
	shift 2
	"$@" >"$WORK/said" 2>&1 || got=$?
	if ((got == wanted)); then
		ok "$name"
	else
		fail "$name" "'$*' ended with $got, wanted $wanted: $(tail -n 3 "$WORK/said" | tr '\n' ' ')"
	fi
}

# wait_for SECONDS COMMAND...: until it succeeds.
wait_for() {
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

# ---- in the virtual machine -------------------------------------------------

# make_ext4 DEVICE [MKFS OPTION...] [-- MOUNT OPTION...]: makes it, mounts it,
# leaves the mount point in $MOUNT.
make_ext4() {
	local device=$1
	local -a mkfs=() mount=()
	shift
	while (($#)) && [[ $1 != -- ]]; do
		mkfs+=("$1")
		shift
	done
	(($# < 2)) || mount=("${@:2}")
	MOUNT=/mnt/$(basename "$device")
	mkdir -p "$MOUNT"
	umount "$MOUNT" 2>/dev/null || true
	# Tables now, not by a thread that writes while the test runs; and blocks of the
	# size that people have, which is not mkfs's choice for disks as small as these.
	mkfs.ext4 -q -F -b 4096 -E lazy_itable_init=0,lazy_journal_init=0 "${mkfs[@]}" "$device"
	mount "${mount[@]}" "$device" "$MOUNT"
}

# Name of a mounted device below /sys/fs/ext4 and /proc/fs/ext4.
ext4_name() { basename "$(realpath "$1")"; }

# defer DEVICE [BATCH_MS]: deferral on. Fails on a kernel without the series.
defer() {
	gather "$1" "${2:-0}"
	echo 1 >"/sys/fs/ext4/$(ext4_name "$1")/aio_dio_defer"
}

# gather DEVICE BATCH_MS: how long what is put off may stay listed.
gather() {
	echo "$2" >"/sys/fs/ext4/$(ext4_name "$1")/aio_dio_batch_ms"
	# What is to stay listed: the flusher comes by after half a minute, and
	# writeback converts.
	(($2 < 10000)) || echo 0 >/proc/sys/vm/dirty_writeback_centisecs
}

pending_count() { cat "/sys/fs/ext4/$(ext4_name "$1")/nr_aio_dio_pending"; }
pending_list() { tail -n +2 "/proc/fs/ext4/$(ext4_name "$1")/aio_dio_pending"; }

# The machine is gone at once: no sync, nothing flushed.
power_cut() {
	echo b >/proc/sysrq-trigger
	sleep 60
}

# fio, with its figures in $WORK/NAME.json: fio_json NAME OPTION...
fio_json() {
	local name=$1
	shift
	fio --name="$name" --output-format=json --output="$WORK/$name.json" "$@" >"$WORK/$name.out" 2>&1 ||
		{
			cat "$WORK/$name.out" >&2
			return 1
		}
}

finish() {
	local status=$?
	rm -rf "$WORK"
	((status)) || exit "$FAILED"
}
trap finish EXIT
