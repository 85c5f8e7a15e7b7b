#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# checkpatch on every base's series, and on the patches for tests.
. "$(dirname "$0")/../lib/test.sh"

for series in "$TOP"/kernel-patch/*/series; do
	[[ -f $series ]] || die 'there is no series'
	base=$(basename "$(dirname "$series")")
	check "checkpatch_$base" "$TOP/kernel-patch/kernel" check "$base" --style-only
	while read -r patch; do
		[[ -z $patch || -f $(dirname "$series")/$patch ]] || fail "series_$base" "$patch is missing"
	done <"$series"
	for patch in "$(dirname "$series")"/*.patch; do
		grep -qx "$(basename "$patch")" "$series" || fail "series_$base" "$(basename "$patch") is not in it"
	done
done
