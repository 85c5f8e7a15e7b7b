#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Each line of the series that keeps somebody from seeing the window is taken out,
# and the tests that hold it in place fail: those that name it, the cases of
# tests/workload/window in their table, the others by a comment `guard: NAME`. A
# test that passes all the same proves nothing.
#
# The fast cases of the window, or all of them with CONVLIST_LONG=1.
# kernel: 6.12-unguarded
# runs: host
# tags: series
# limit: 400
# long-limit: 2400
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

PARAMETERS=/sys/module/ext4/parameters
WINDOW=$TOP/out/workload/window
# Without these the kernel does not survive: a machine for each.
DESTRUCTIVE=' sync_fs+kill_sb reference listed_at_end '

# ---- which case names which guard: `GUARD TEST CASE`, one a line -------------

named_by_window() { "$WINDOW" -l | awk '$3 != "-" { print $3, $2, $1 }'; }

named_by_comments() {
	local test
	for test in "$TOP"/tests/vm/test_*.sh; do
		awk -v test="$(basename "$test")" '
			/^# guard: / { guards = substr($0, 10); next }
			/^[a-z_]+\(\)/ {
				n = split(guards, each, " ")
				for (i = 1; i <= n; i++)
					print each[i], test, substr($1, 1, index($1, "(") - 1)
			}
			!/^#/ { guards = "" }' "$test"
	done
}

is_destructive() { [[ $DESTRUCTIVE == *" $1 "* ]]; }

# ---- in the machine ---------------------------------------------------------

take_out() { echo "${1//+/,}" >$PARAMETERS/unguarded; }
put_back() { echo >$PARAMETERS/unguarded; }

# expect_failure GUARD CASE SAID: SAID is what the case has printed.
expect_failure() {
	local reason
	reason=$(grep -m 1 '^not ok' <<<"$3" || true)
	case $reason in
	'') fail "$2 holds $1" "without it: $(tail -n 1 <<<"$3")" ;;
	# That is not what the case is about.
	*'the window is not open'* | *'pending after syncfs'*) fail "$2 holds $1" "$reason" ;;
	*)
		ok "$2 holds $1"
		echo "    without it: $reason"
		;;
	esac
}

in_window() { # CASE...
	"$WINDOW" "$MOUNT" "/sys/fs/ext4/$(ext4_name "$DEVICE")" "$@" || true
}

# window_guard GUARD CASE...: on $DEVICE, all together with the guard in place, and
# each without.
window_guard() {
	local guard=$1 case
	local -a options=()
	shift
	case $guard in
	# The old way of writeback is the one that zeroes extents out.
	writeback*) options=(-o dioread_lock) ;;
	fault_recheck) echo fault >$PARAMETERS/delayed ;;
	in_progress) echo convert >$PARAMETERS/delayed ;;
	esac
	make_ext4 "$DEVICE" "${KEEP_OLD_DATA[@]}" -O verity -J size=4 -N 256 -- "${options[@]}"
	defer "$DEVICE" "$BATCH_MS"
	equal "$guard is in place" "$(in_window "$@" | grep '^not ok' || true)" ''
	for case in "$@"; do
		take_out "$guard"
		expect_failure "$guard" "$case" "$(in_window "$case")"
		put_back
		# What it has broken may be in the way of that.
		sync -f "$MOUNT" || true
	done
	echo >$PARAMETERS/delayed
	umount "$MOUNT"
}

# all_window SPEED: each guard that such cases name.
all_window() {
	local guard
	local -a cases
	for guard in $(named_by_window | awk -v speed="$1" '$2 == speed { print $1 }' | sort -u); do
		mapfile -t cases < <(named_by_window |
			awk -v speed="$1" -v guard="$guard" '$2 == speed && $1 == guard { print $3 }')
		window_guard "$guard" "${cases[@]}"
	done
}

slow_device() {
	local sectors
	sectors=$(blockdev --getsz /dev/vda)
	DEVICE=$(dm_create slow "0 $sectors delay /dev/vda 0 0 /dev/vda 0 400")
	# Who waits for the work is found out.
	BATCH_MS=15000
	all_window slow
	dmsetup remove slow
}

run_case() { # TEST CASE
	bash "$TOP/tests/vm/$1" "$2" 2>&1 || true
}

# What a case that failed has left behind.
clean_up() {
	umount -a -t ext4 2>/dev/null || true
	dmsetup remove_all --force >/dev/null 2>&1 || true
}

# script_guard GUARD TEST CASE
script_guard() {
	local said
	take_out "$1"
	said=$(run_case "$2" "$3")
	put_back
	expect_failure "$1" "$2 $3" "$said"
	clean_up
}

in_machine() {
	local guard test case
	. "$TOP/tests/lib/dm.sh"
	. "$TOP/tests/lib/window.sh"
	fill_with_old_data /dev/vda
	DEVICE=/dev/vda BATCH_MS=60000
	all_window fast
	[[ -n ${CONVLIST_LONG:-} ]] || return 0
	slow_device
	while read -r guard test case; do
		is_destructive "$guard" || script_guard "$guard" "$test" "$case" </dev/null
	done < <(named_by_comments)
}

# ---- here -------------------------------------------------------------------

machine() { # OPTION... -- ARGUMENT...
	local -a options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	"$TOP/tests/vm/vm" -q "${options[@]}" -k "$KERNEL" -d 256M -d 8G \
		-e "CONVLIST_LONG=${CONVLIST_LONG:-}" -- \
		bash "${BASH_SOURCE[0]}" "$@" 2>&1
}

# A warning of the kernel, or its end, is a failure as well.
destroyed() { # GUARD TEST CASE
	local said status=0
	said=$(machine -t 120 -- "$@") || status=$?
	((!status)) || said+=$'\n'"not ok - the machine ended with status $status"
	grep -q '^in the machine' <<<"$said" || said='it did not begin'
	expect_failure "$1" "$3" "$said"
}

here() {
	local guard test case
	local limit=350
	[[ -z ${CONVLIST_LONG:-} ]] || limit=2000
	machine -t "$limit" --splats-ok -- || fail 'guards' "the machine ended with status $?"
	if [[ -z ${CONVLIST_LONG:-} ]]; then
		skip 'the guards of slow cases, of failures, quota, tools and lifetimes' 'they take long: make test-long'
		return 0
	fi
	while read -r guard test case; do
		! is_destructive "$guard" || destroyed "$guard" "$test" "$case" </dev/null
	done < <(named_by_comments)
}

if [[ -z ${CONVLIST_VM:-} ]]; then
	here
elif (($#)); then
	echo 'in the machine'
	take_out "$1"
	run_case "$2" "$3"
else
	in_machine
fi
