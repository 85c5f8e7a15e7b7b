#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What bench-patch makes of fio's figures, on made-up ones that are easy to
# reckon with: tests/golden/bench/raw. The last row there is wrong in every way.
. "$(dirname "$0")/../lib/test.sh"
cd "$TOP" || exit

PATCH=$TOP/tests/bench/patch
if ! command -v jq >/dev/null; then
	skip bench 'jq is missing'
	exit 0
fi

status_is 'a row that is not what it claims is an error' 1 "$PATCH" --from tests/golden/bench/raw -o "$WORK/all"
cp "$WORK/said" "$WORK/table"
status_is 'without it there is none' 0 "$PATCH" --from tests/golden/bench/raw -r '^(null-4k|virtio)' -o "$WORK/good"
status_is 'bars that are missed, when asked' 1 "$PATCH" --strict --from tests/golden/bench/raw -r '^(null-4k|virtio)' -o "$WORK/good"
status_is 'no row' 2 "$PATCH" --from tests/golden/bench/raw -r nonsense -o "$WORK/none"

said() { jq -r "$1" "$WORK/$2/patch.json"; }
row() { said ".rows[] | select(.row | startswith(\"$1\")) | $2" all; }
fsync=null-4k-rand-d16-fsync32-1f
wrong=null-64k-seq-d16-nofsync-4f

# Three repeats of stock take 2.048, 2 and 2.2 s for 4096 writes.
equal 'median' "$(row $fsync '.arms.stock.iops | "\(.median) \(.max) \(.min | floor)"')" '2000 2048 1861'
equal 'ratio of medians' "$(row $fsync '.vs_stock.iops.ratio')" 2
# 1.024, 1 and 1.1 s: twice as fast each time, whatever order they ran in.
equal 'ratios are of the same repeat' "$(row $fsync '.vs_stock.iops | "\(.min) \(.max)"')" '2 2'
equal 'percentiles in microseconds' "$(row $fsync '.arms.deferred | "\(.clat_p50_us.median) \(.clat_p99_us.median) \(.clat_p999_us.median) \(.lat_p99_us.median) \(.fsync_p99_us.median)"')" \
	'2000 6000 12000 7500 9000'
equal 'no fsync, no figures of it' "$(row virtio '.arms.stock.fsync_p99_us')" null
equal 'an fsync that took longer than the run is none' \
	"$(row $fsync '.arms.stock.fsync_p99_us | "\(.values[0]) \(.median)"')" '11000 10000'
equal 'handles a write' "$(row $fsync '.arms | "\(.stock.handles_per_write) \(.deferred.handles_per_write)"')" '2 1'
equal 'transactions a write' "$(row $fsync '.arms.deferred.transactions_per_write * 64')" 1
equal 'with the drain' "$(row $fsync '.arms.deferred.iops_drained | round')" 3908
equal 'what was left' "$(row $fsync '.arms.deferred | "\(.left_after) \(.left_us)"')" '3 1500'
equal 'reads' "$(row null-4k-mix70 '.arms.stock | "\(.read_iops.median | round) \(.read_p99_us.median)"')" '5600 2000'

# 2 and 1.25; 4096 / 1.024 over 8192 / 1.638, and 0.9375.
equal 'geometric mean over stock' "$(said '.geomean.vs_stock * 1000 | round' good)" 1581
equal 'geometric mean over overwrite' "$(said '.geomean.vs_overwrite * 1000 | round' good)" 866
equal 'a wrong row is not in it' "$(said '.geomean.vs_stock * 1000 | round' all)" 1581
equal 'mixed rows have their own' "$(said '.groups["mixed reads and writes"].rows' all)" 1

bar() { said ".bars[] | select(.name == \"$1\") | $2" good; }
equal 'a bar that is missed' "$(bar iops_vs_stock .verdict)" fail
equal 'beyond noise' "$(bar completion_p99_vs_stock '"\(.verdict) \(.worst.row) \(.beyond_noise | length)"')" \
	'fail virtio-4k-seq-d1-nofsync-1f 1'
equal 'one repeat over the bar is not beyond' "$(bar fsync_p99_vs_stock '"\(.verdict) \(.worst.ratio) \(.worst.max)"')" 'pass 0.9 1.2'
equal 'what must not change' "$(bar overwrite_iops_unchanged .verdict)" pass
equal 'complete' "$(said .complete good)" true

problems=$(row $wrong '.problems[]')
for problem in 'stock: 1 runs, not 2' 'deferred.0: 1023 requests, not 1024' 'overwrite.0: nothing was noted after it' \
	'overwrite.1: error 5' 'count.stock: 5 writes were deferred' 'count.deferred: 16368 blocks are written, not 16384' \
	'count.deferred: no write was deferred' 'count.overwrite: 16383 blocks are written, not 16384'; do
	check "seen: $problem" grep -qxF "$problem" <<<"$problems"
done
equal 'nothing is wrong with the others' "$(said '.problems | length' good)" 0
check 'the table' diff -u tests/golden/bench/table.txt <(grep -v ' rows; ' "$WORK/table")
