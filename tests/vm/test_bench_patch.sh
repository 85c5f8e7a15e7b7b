#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# bench-patch on three small rows, once: are its counts right, and is everything
# there? How fast anything is does not matter here.
# kernel: 6.12
# runs: host
# tags: bench
# limit: 300
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

ROWS='^(null-4k-rand-d16-fsync32-1f|virtio-4k-seq-d1-nofsync-4f|null-4k-mix30-d16-nofsync-1f)$'
WRITES=256 status_is 'it ends well' 0 "$TOP/tests/bench/patch" -k "$KERNEL" -n 1 -r "$ROWS" -o "$WORK/bench"
cp "$WORK/said" "$WORK/table"
[[ -s $WORK/bench/patch.json ]] || die "no patch.json: $(tail -n 5 "$WORK/table")"

patch_json() { jq -r "$1" "$WORK/bench/patch.json"; }
row() { patch_json ".rows[] | select(.row == \"$1\") | $2"; }
writes=null-4k-rand-d16-fsync32-1f
files=virtio-4k-seq-d1-nofsync-4f
mixed=null-4k-mix30-d16-nofsync-1f

equal 'all rows' "$(patch_json '"\(.rows | length) \(.complete)"')" '3 true'
equal 'nothing is wrong with them' "$(patch_json '.problems[]')" ''
equal 'the arms' "$(row "$writes" '.arms | keys | join(" ")')" 'deferred overwrite overwrite_commit stock'
for arm in stock deferred overwrite; do
	for figure in iops clat_p50_us clat_p99_us clat_p999_us fsync_p50_us fsync_p99_us; do
		equal "$arm: $figure" "$(row "$writes" ".arms.$arm.$figure.median > 0")" true
	done
	equal "$arm: no fsync, no figures of it" "$(row "$files" ".arms.$arm.fsync_p99_us")" null
	equal "$arm: reads" "$(row "$mixed" ".arms.$arm.read_p99_us.median > 0")" true
done

# Each write starts a handle at least for its conversion; an overwrite none.
equal 'stock: conversions of each write' "$(row "$writes" '.arms.stock.conversions_per_write')" 1
equal 'stock: none was deferred' "$(row "$writes" '.arms.stock.listed_per_write')" 0
equal 'deferred: each was' "$(row "$writes" '.arms.deferred.listed_per_write')" 1
equal 'overwrite: no conversion' "$(row "$writes" '.arms.overwrite.conversions_per_write')" 0
equal 'stock: a handle for each write' "$(row "$writes" '.arms.stock.handles_per_write >= 1')" true
equal 'overwrite: no handle for most' "$(row "$writes" '.arms.overwrite.handles_per_write < 0.5')" true
# 256 writes and 8 fsyncs, the last one after the last write or not.
equal 'stock: a transaction for each fsync' \
	"$(row "$writes" '.arms.stock.transactions_per_write * 256 | . >= 7 and . <= 10')" true
equal 'overwrite_commit: a transaction for each fsync' \
	"$(row "$writes" '.arms.overwrite_commit.transactions_per_write * 512 | . >= 15 and . <= 18')" true
equal 'the limit is what its commits leave' \
	"$(patch_json '([.rows[] | select(.row == "'"$writes"'").commit.iops.ratio][0] | sqrt * 1000 | round)')" \
	"$(patch_json '.geomean.limit_vs_overwrite * 1000 | round')"
equal 'the entries are counted and sized' "$(patch_json '.memory | .pending_max > 0 and .entry_bytes > 0')" true

equal 'a geometric mean' "$(patch_json '[.rows[] | select(.pattern | startswith("mix") | not).vs_stock.iops.ratio | log] | add / 2 | exp * 1000 | round')" \
	"$(patch_json '.geomean.vs_stock * 1000 | round')"
equal 'every bar has a verdict' "$(patch_json '[.bars[].verdict | IN("pass", "noise", "fail", "none")] | all')" true
for word in "$writes" "$files" "$mixed" IOPS 'Geometric means' completion_p99_vs_stock; do
	check "the table shows $word" grep -qF -- "$word" "$WORK/table"
done

# The report once more, of what is in its own folder: that stays.
before=$(patch_json '.geomean.vs_stock')
WRITES=256 status_is '--from its own results' 0 "$TOP/tests/bench/patch" -k "$KERNEL" -n 1 -r "$ROWS" \
	--from "$WORK/bench/raw" -o "$WORK/bench"
equal '--from: the same report' "$(patch_json '"\(.rows | length) \(.geomean.vs_stock)"')" "3 $before"
status_is '--from where nothing is' 2 "$TOP/tests/bench/patch" --from "$WORK" -o "$WORK/bench"
check '--from: the results are still there' test -s "$WORK/bench/raw/$writes.fio.json"
