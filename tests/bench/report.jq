# SPDX-License-Identifier: GPL-2.0
# patch.json from the rows: jq -s -L tests/bench --argjson about '{...}' -f report.jq ROW.json...
# about: kernel, uname, accel, repeats, rows_wanted, entry_bytes, ... as tests/bench/patch has it.
include "stat";

# A geometric mean over rows, and its spread: the mean of each repeat of its own.
def geomean_of($what):
	map(.[$what].iops // empty)
	| if length == 0 then {value: null, min: null, max: null}
	  else
		(map(.values | length) | min) as $n
		| . as $ratios
		| [range($n) | . as $i | [$ratios[].values[$i]] | geomean] as $each
		| {value: (map(.ratio) | geomean), min: ($each | min), max: ($each | max)}
	  end;
# The most that vs_overwrite can be: conversions cost nothing, but an fsync has to commit.
def limit: if any(.[]; .fsync > 0 and (.commit.iops | not)) then null else map(.commit.iops.ratio // 1) | geomean end;
def group: {rows: length, vs_stock: geomean_of("vs_stock"), vs_overwrite: geomean_of("vs_overwrite"), ceiling: geomean_of("ceiling"), limit: limit};

# A bar that each row has to meet: $get gives the ratio of a row, worse when greater.
# over: the medians miss it; beyond_noise: every single repeat does.
def each_row($name; $bar; $of; get):
	[.[] | . as $row | get | select(. != null) | {row: $row.row, ratio, min, max}] as $all
	| [$all[] | select(.ratio > $bar)] as $over
	| [$over[] | select(.min > $bar)] as $sure
	| ($all | max_by(.ratio)) as $worst
	| {name: $name, bar: $bar, rows: ($all | length),
		verdict: (if ($all | length) == 0 then "none" elif ($sure | length) > 0 then "fail"
			elif ($over | length) > 0 then "noise" else "pass" end),
		pass: (($all | length) > 0 and ($over | length) == 0),
		over: ($over | sort_by(-.ratio)), beyond_noise: ($sure | sort_by(-.ratio)), worst: $worst,
		text: (if $worst == null then "no such row was measured"
			else "\($of) at most \($bar | fixed(2)); worst \($worst.ratio | fixed(2)) (\($worst.min | fixed(2)) to \($worst.max | fixed(2))) \($worst.row); over in \($over | length) of \($all | length) rows, beyond noise in \($sure | length)" end)};

def whole_table($name; $bar; $mean):
	{name: $name, bar: $bar, value: $mean.value, min: $mean.min, max: $mean.max,
		verdict: (if $mean.value == null then "none" elif $mean.value >= $bar then "pass" else "fail" end),
		pass: ($mean.value != null and $mean.value >= $bar),
		text: (if $mean.value == null then "no such row was measured"
			else "at least \($bar | fixed(2)); \($mean.value | fixed(3)) (\($mean.min | fixed(3)) to \($mean.max | fixed(3)))" end)};

def inverse: if . == null then null else {ratio: (1 / .ratio), min: (1 / .max), max: (1 / .min)} end;

# Slower or faster, both would be a change.
def either_way: if . == null then null elif .ratio >= 1 then . else inverse end;

. as $rows
# A row that is not what it claims proves nothing.
| map(select(.problems == [])) as $good
| $good
| map(select(.pattern == "rand" or .pattern == "seq")) as $writes
| $good
| map(select(.pattern == "sparse")) as $sparse
| $good
| map(select(.pattern | startswith("mix"))) as $mixed
| ($writes | group) as $all
| ([$rows[].arms.deferred.pending_max // 0] | max // 0) as $peak
| {
	about: $about,
	complete: (($rows | length) == $about.rows_wanted),
	geomean: {vs_stock: $all.vs_stock.value, vs_overwrite: $all.vs_overwrite.value, limit_vs_overwrite: $all.limit},
	groups: ({"all writes": $all,
		"null": ($writes | map(select(.device == "null")) | group),
		"virtio": ($writes | map(select(.device == "virtio")) | group),
		"no fsync": ($writes | map(select(.fsync == 0)) | group),
		"fsync every 32": ($writes | map(select(.fsync > 0)) | group),
		"random": ($writes | map(select(.pattern == "rand")) | group),
		"sequential": ($writes | map(select(.pattern == "seq")) | group),
		"depth 1": ($writes | map(select(.depth == 1)) | group),
		"depth 16 and 64": ($writes | map(select(.depth > 1)) | group),
		"sparse": ($sparse | group),
		"mixed reads and writes": ($mixed | group),
		"all writes and mixed": ($writes + $mixed | group)} | with_entries(select(.value.rows > 0))),
	bars: [
		whole_table("iops_vs_stock"; 1.7; $all.vs_stock),
		(whole_table("iops_vs_overwrite"; 0.9; $all.vs_overwrite)
			| if $all.limit then .text += "; \($all.limit | fixed(3)) if conversions cost nothing but the commit of each fsync" else . end),
		($writes | each_row("completion_p99_vs_stock"; 1; "deferred over stock"; .vs_stock.clat_p99_us)),
		($writes | each_row("total_p99_vs_stock"; 1; "deferred over stock"; .vs_stock.lat_p99_us)),
		($writes | each_row("fsync_p99_vs_stock"; 1.1; "deferred over stock"; .vs_stock.fsync_p99_us)),
		($writes | map(select(.depth == 1)) | each_row("depth1_latency_vs_stock"; 1; "deferred over stock"; .vs_stock.lat_mean_us)),
		($good | each_row("overwrite_iops_unchanged"; 1.03; "off and on, the greater over the lesser"; .unchanged.iops | either_way)),
		($good | each_row("overwrite_p99_unchanged"; 1.03; "off and on, the greater over the lesser"; .unchanged.clat_p99_us | either_way)),
		($mixed | each_row("mixed_iops_vs_stock"; 1; "stock over deferred"; .vs_stock.iops | inverse)),
		($mixed | each_row("mixed_read_iops_vs_stock"; 1; "stock over deferred"; .vs_stock.read_iops | inverse)),
		($mixed | each_row("mixed_read_p99_vs_stock"; 1; "deferred over stock"; .vs_stock.read_p99_us))
	],
	memory: {entry_bytes: $about.entry_bytes, pending_max: $peak,
		bytes_max: (if $about.entry_bytes then $peak * $about.entry_bytes else null end)},
	drain: {longest_us: ([$rows[].arms.deferred.drain_us // 0] | max // 0),
		geomean_vs_stock: ([$writes[] | select(.fsync == 0 and .arms.deferred and .arms.stock)
			| .arms.deferred.iops_drained / .arms.stock.iops_drained] | geomean)},
	disturbed: [$rows[] | select((.others_cpu // 0) >= 0.1) | .row],
	problems: [$rows[] | .row as $row | .problems[] | "\($row): \(.)"],
	rows: $rows
}
