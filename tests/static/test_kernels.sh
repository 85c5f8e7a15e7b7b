#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The table of kernels in docs is the one that was found; each kernel has one.
. "$(dirname "$0")/../lib/test.sh"
cd "$TOP" || exit

if ! command -v jq >/dev/null; then
	skip kernels 'jq is missing'
	exit 0
fi

check 'the table is up to date (tests/kernels/matrix --write)' \
	diff <(sed '1,/^<!-- made by/d' docs/kernels.md | tail -n +2) <(tests/kernels/matrix)
for flavour in $(tests/kernels/stock list); do
	check "$flavour has what doctor found" test -s "tests/kernels/$flavour.doctor.json"
done
[[ $FAILED == 0 ]]
