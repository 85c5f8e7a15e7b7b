# SPDX-License-Identifier: GPL-2.0
# The table for people, on a terminal and in markdown. $what: head, row (reads a
# row), end (reads patch.json) or markdown (reads patch.json).
include "stat";

def columns: [
	["row", 30], ["arm", 16], ["IOPS", 7], ["+-%", 4], ["lat p50", 7], ["p99", 6], ["p99.9", 6], ["fsync p50", 9],
	["p99", 6], ["handles", 7], ["trans.", 6], ["pending", 7], ["x stock", 16], ["x overwrite", 16], ["read IOPS", 9],
	["read p99", 8]];

def line: . as $cells | [range(length) | . as $i | $cells[$i]
	| if $i < 2 then left(columns[$i][1]) else right(columns[$i][1]) end] | join("  ") | sub(" +$"; "");

def half_spread: if . == null or .median == 0 then "-" else (.max - .min) / 2 / .median * 100 | round | tostring end;
def small: if . == null then "-" elif . >= 10 then round | tostring else fixed(2) end;
def times: if . == null then "-" else fixed(2) end;
def inverse: if . == null then null else {ratio: (1 / .ratio), min: (1 / .max), max: (1 / .min)} end;
def ratio_cell: if . == null then "" else "\(.ratio | fixed(2)) (\(.min | fixed(2))-\(.max | fixed(2)))" end;
def blank: if . == "-" then "" else . end;

# One line an arm.
def cells:
	. as $row
	| ["stock", "deferred", "overwrite0", "overwrite_commit", "overwrite"][] as $arm
	| .arms[$arm] // empty
	| [(if $arm == ($row.arms | keys_unsorted[0]) then $row.row else "" end), $arm,
		(.iops.median | number), (.iops | half_spread), (.lat_p50_us.median | number), (.lat_p99_us.median | number),
		(.lat_p999_us.median | number), (.fsync_p50_us.median | number), (.fsync_p99_us.median | number),
		(.handles_per_write | small), (.transactions_per_write | fixed(3)), (.pending_max // 0 | tostring),
		(if $arm == "deferred" then $row.vs_stock.iops
		 elif $arm == "overwrite" then $row.ceiling.iops else null end | ratio_cell),
		(if $arm == "deferred" then $row.vs_overwrite.iops
		 elif $arm == "overwrite0" then $row.unchanged.iops | inverse
		 elif $arm == "overwrite_commit" then $row.commit.iops
		 elif $arm == "stock" then $row.ceiling.iops | inverse else null end | ratio_cell),
		(.read_iops.median | number | blank), (.read_p99_us.median | number | blank)];

def bar_line: "\(.verdict | left(7)) \(.name | left(24)) \(.text)";

def geomean_line($name): . as $g
	| "\($name | left(24)) x stock \(.vs_stock.value | times)  x overwrite \(.vs_overwrite.value | times)  overwrite x stock \(.ceiling.value | times)  limit \(.limit | times)  (\(.rows) rows)";

def footnotes:
	"Pending entries: at most \(.memory.pending_max), of \(.memory.entry_bytes // "unknown") bytes each.",
	"Conversions after the last completion: \(.drain.longest_us / 1000 | fixed(1)) ms at most; IOPS without fsync, that time included: x stock \(.drain.geomean_vs_stock | times).";

if $what == "head" then columns | map(.[0]) | line
elif $what == "row" then
	(cells | line), (.problems[] | "  WRONG: \(.)"),
	(if (.others_cpu // 0) >= 0.1 then "  disturbed: other programs took \(.others_cpu * 100 | round) % of this machine" else empty end)
elif $what == "end" then
	"", "Geometric means of IOPS",
	(.groups | to_entries[] | .key as $name | .value | "  " + geomean_line($name)),
	"", "Bars (deferred; noise: over the bar, but not in every repeat)",
	(.bars[] | "  " + bar_line),
	"", footnotes
else
	"| " + (columns | map(.[0]) | join(" | ")) + " |",
	"|" + (columns | map("---") | join("|")) + "|",
	(.rows[] | cells | "| " + join(" | ") + " |"),
	"", "Geometric means of IOPS:", "",
	"| rows | | deferred over stock | deferred over overwrite | overwrite over stock | limit |", "|---|---|---|---|---|---|",
	(.groups | to_entries[] | "| \(.key) | \(.value.rows) | \(.value.vs_stock.value | times) | \(.value.vs_overwrite.value | times) | \(.value.ceiling.value | times) | \(.value.limit | times) |"),
	"", "| bar | verdict | |", "|---|---|---|",
	(.bars[] | "| \(.name) | \(.verdict) | \(.text) |"),
	"", footnotes
end
