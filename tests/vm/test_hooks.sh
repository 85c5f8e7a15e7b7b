#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The same facts through each class of hook; where return probes are skipped,
# nobody is told that nothing was.
# kernel: 6.12 6.12-stock
# disks: 256M
# tags: hooks
# limit: 300
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

doctor() { jq -r "select(.type == \"$1\") | $2" "$WORK/doctor.json"; }
how() { doctor hook "select(.hook == \"$1\").how"; }
summary() { jq -r ".$1" "$WORK/summary.json"; }

make_ext4 /dev/vda
[[ ! -e /sys/fs/ext4/vda/aio_dio_defer ]] || defer /dev/vda 0

# under_class CLASS STATUS ENGINE DEPTH: one full, sequential write of a
# preallocated file, so that the number of writes does not hang on fio.
under_class() {
	rm -f "$MOUNT/f" "$WORK/summary.json"
	fallocate -l 4M "$MOUNT/f"
	sync
	status_is "$1, $3: exit status" "$2" env CONVLIST_HOOKS="$1" \
		"$CONVLIST" check --summary "$WORK/summary.json" -- \
		fio --output-format=json --output="$WORK/fio.json" --name=f --filename="$MOUNT/f" \
		--direct=1 --bs=4k --rw=write --size=4M --fallocate=none --ioengine="$3" \
		--iodepth="$4" --fsync=64
	[[ -s $WORK/summary.json ]] || die "$1, $3: no summary: $(cat "$WORK/said")"
}

exact() {
	equal "$1: writes" "$(summary writes)" 1024
	equal "$1: completed" "$(summary completed)" 1024
	equal "$1: converted" "$(summary converted)" 1024
	equal "$1: lost" "$(summary lost)" 0
}

for class in tracepoint fentry kprobe; do
	status_is "$class: doctor" 0 env CONVLIST_HOOKS="$class" "$CONVLIST" doctor --json
	cp "$WORK/said" "$WORK/doctor.json"
	equal "$class: usable" "$(doctor doctor .usable)" true
	equal "$class: nothing is missing" "$(doctor hook 'select(.how == "missing").hook')" ''
done

# As doctor found them last, with kprobes.
for hook in 'write, data done' 'write, submitter' 'completion, libaio' \
	'completion, synchronous' fsync; do
	equal "kprobe: $hook" "$(how "$hook")" kprobe
done
equal 'kprobe: rules are decidable' \
	"$(doctor rule 'select(.rule != "converted_once").decidable' | sort -u)" yes
once=$(doctor rule 'select(.rule == "converted_once").decidable')
if [[ -e /sys/fs/ext4/vda/aio_dio_defer ]]; then
	# No function has all of the series' conversions: cl_candidate's unless.
	equal 'kprobe: conversion, by the series' "$(how conversion) $once" 'tracepoint yes'
else
	equal 'kprobe: conversion, and it is not told who converts' "$(how conversion) $once" \
		'kprobe off'
fi

for class in tracepoint fentry; do
	for engine in libaio io_uring; do
		under_class "$class" 0 "$engine" 16
		exact "$class, $engine"
	done
	under_class "$class" 0 psync 1
	exact "$class, psync"
done

# Deferred, most conversions do not pass through the function that others hook.
if [[ -e /sys/fs/ext4/vda/aio_dio_defer ]]; then
	defer /dev/vda 1
	for class in tracepoint fentry; do
		under_class "$class" 0 libaio 16
		exact "$class, deferred"
	done
	defer /dev/vda 0
fi

# What kernels get whose BPF can do less: the same facts, but no figures and no lists.
export CONVLIST_BPF=basic
under_class tracepoint 0 libaio 16
exact 'basic BPF, libaio'
status_is 'basic BPF: no stat' 3 "$CONVLIST" stat 1 1
check 'basic BPF: it says why' grep -q 'bpf_loop' "$WORK/said"
status_is 'basic BPF: no pending' 3 "$CONVLIST" pending
check 'basic BPF: pending says why' grep -q 'bpf_loop' "$WORK/said"
unset CONVLIST_BPF

# One write at a time: there is a return probe for each.
under_class kprobe 0 psync 1
exact 'kprobe, psync'

# Many at a time: the kernel has few return probes, and what it skips is said.
rm -f "$MOUNT/f" "$WORK/summary.json"
fallocate -l 4M "$MOUNT/f"
sync
CONVLIST_HOOKS=kprobe "$CONVLIST" check --summary "$WORK/summary.json" -- \
	fio --output-format=json --output="$WORK/fio.json" --name=f --filename="$MOUNT/f" \
	--direct=1 --bs=4k --rw=write --size=4M --fallocate=none --ioengine=libaio \
	--iodepth=32 --fsync=64 >"$WORK/said" 2>&1 && status=0 || status=$?
equal 'kprobe, deep: writes' "$(summary writes)" 1024
equal 'kprobe, deep: violations' "$(summary violations)" 0
if (($(summary lost))); then
	equal 'kprobe, deep: skipped probes make it inconclusive' "$status" 4
else
	equal 'kprobe, deep: everything was seen' "$status $(summary converted)" '0 1024'
fi

# The smallest ring: facts do get lost, and it is never ok.
rm -f "$MOUNT/f"
fallocate -l 4M "$MOUNT/f"
status_is 'a ring too small is inconclusive' 4 "$CONVLIST" check --buffer 4096 -- \
	fio --output=/dev/null --name=f --filename="$MOUNT/f" --direct=1 --bs=4k --rw=write \
	--size=4M --fallocate=none --ioengine=libaio --iodepth=32 --fsync=64
