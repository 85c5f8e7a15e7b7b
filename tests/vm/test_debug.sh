#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A slice of what the debug kernel (lockdep, KASAN, ...) is for: the window and a
# little of the stress, without a splat. `make test-long` runs every test there.
#
# To build that kernel takes longer than all of this, so it is not built for a
# slice; build it once (kernel-patch/kernel build 6.12-debug), and it is used.
# kernel: 6.12
# runs: host
# tags: series
# limit: 900
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

if [[ $KERNEL =~ -(debug|kcsan)$ ]]; then
	skip 'a slice on the debug kernel' 'this is such a kernel, and all tests are run on it'
	exit 0
fi
DEBUG=$KERNEL-debug
if ! "$TOP/kernel-patch/kernel" path "$DEBUG" >/dev/null 2>&1; then
	skip 'a slice on the debug kernel' "not built; kernel-patch/kernel build $DEBUG builds it, in 10 to 20 minutes"
	exit 0
fi

status=0
"$TOP/tests/vm/vm" -q -k "$DEBUG" -d 2G -d 512M -m 3072 -t 850 -e CONVLIST_STRESS_SECONDS=20 \
	-- bash -c ". '$TOP/tests/lib/test.sh'
		make_ext4 /dev/vda -J size=4 -N 256
		defer /dev/vda 6000
		'$TOP/out/workload/window' \$MOUNT /sys/fs/ext4/vda
		umount \$MOUNT
		exec '$TOP/tests/lib/group' '$TOP/tests/vm/test_stress.sh' 600" >"$WORK/said" 2>&1 || status=$?
grep -E '^(not ok|ok|skip) ' "$WORK/said" || true
# A splat ends the machine with a status of its own.
equal 'no splat' "$status" 0
((status == 0)) || cat "$WORK/said"
at_least 'cases and stress were run' "$(grep -c '^ok ' "$WORK/said")" 40
