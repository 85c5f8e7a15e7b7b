#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A short look for what a fuzzer finds: hostile recordings, impossible streams.
# With CONVLIST_LONG=1 (make test-long) see tests/fuzz/run for hours of it.
. "$(dirname "$0")/../lib/test.sh"

for fuzzer in "$TOP"/tests/fuzz/fuzz_*.c; do
	[[ -x $TOP/out/fuzz/$(basename "$fuzzer" .c) ]] || die "$(basename "$fuzzer" .c) is not built: make fuzz"
done
"$TOP/tests/fuzz/run" "${CONVLIST_FUZZ_SECONDS:-15}" || FAILED=1
[[ $FAILED == 0 ]]
