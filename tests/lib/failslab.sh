# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced: allocations that fail below one function of the kernel, as often as
# $SLAB/probability says.

SLAB=/sys/kernel/debug/failslab

can_fail_below() { [[ -e $SLAB/require-start ]]; }

function_range() {
	awk -v name="$1" '
		found && $1 != at { print "0x" at, "0x" $1; exit }
		$3 == name { found = 1; at = $1 }' /proc/kallsyms
}

# fail_below FUNCTION
fail_below() {
	local start end
	read -r start end <<<"$(function_range "$1")"
	echo "$start" >$SLAB/require-start
	echo "$end" >$SLAB/require-end
	echo 32 >$SLAB/stacktrace-depth
	echo N >$SLAB/cache-filter
	echo N >$SLAB/ignore-gfp-wait
	echo 0 >$SLAB/verbose
	echo -1 >$SLAB/times
}

fail_nowhere() {
	echo 0 >$SLAB/require-start
	echo 0xffffffffffffffff >$SLAB/require-end
}
