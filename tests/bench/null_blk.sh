# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced in the virtual machine.

# make_null_blk MB: /dev/nullb0, backed by memory.
make_null_blk() {
	local dir=/sys/kernel/config/nullb/nullb0
	mkdir "$dir"
	echo "$1" >"$dir/size"
	echo 1 >"$dir/memory_backed"
	nproc >"$dir/submit_queues"
	# The completion comes from a softirq, not from inside the submission.
	echo 1 >"$dir/irqmode"
	echo 1 >"$dir/power"
}
