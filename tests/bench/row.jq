# SPDX-License-Identifier: GPL-2.0
# One row: from what fio said and what was noted between its runs.
#   jq -n -L tests/bench --arg row NAME --argjson shape '{...}' \
#      --slurpfile fio ROW.fio.json --slurpfile runs ROW.runs -f row.jq
# shape: device, bs, pattern, depth, fsync, files, ios and overwrite_ios and
# blocks (of 4 KiB), of all files, as rows.sh has them.
include "stat";

def us($p): .percentile[$p] // null | if . == null or . == 0 then null else . / 1000 end;

# Of an fsync that it had to put off, fio 3.33 reckons the time since the machine
# was started: what took longer than the run is left out.
def sync_us($share; $ms):
	(.bins // {} | to_entries | map({ns: (.key | tonumber), n: .value})
		| map(select(.ns <= $ms * 1000000)) | sort_by(.ns)) as $bins
	| ($bins | map(.n) | sum) as $all
	| if $all == 0 then us("\($share).000000")
	  else
		reduce $bins[] as $bin ({seen: 0};
			if .us then . else .seen += $bin.n
				| if .seen >= $all * $share / 100 then .us = $bin.ns / 1000 else . end end)
		| .us
	  end;

# fio's group of a run, as flat figures.
def figures:
	(.write.total_ios + .read.total_ios) as $ios
	| ([.write.runtime, .read.runtime] | max) as $ms
	| {
		ios: $ios, writes: .write.total_ios, runtime_ms: $ms, error,
		iops: (if $ms > 0 then $ios * 1000 / $ms else null end),
		clat_p50_us: (.write.clat_ns | us("50.000000")),
		clat_p99_us: (.write.clat_ns | us("99.000000")),
		clat_p999_us: (.write.clat_ns | us("99.900000")),
		lat_mean_us: (.write.lat_ns.mean / 1000),
		lat_p50_us: (.write.lat_ns | us("50.000000")),
		lat_p99_us: (.write.lat_ns | us("99.000000")),
		lat_p999_us: (.write.lat_ns | us("99.900000")),
		fsyncs: .sync.total_ios,
		fsync_p50_us: (.sync.lat_ns | sync_us(50; $ms)),
		fsync_p99_us: (.sync.lat_ns | sync_us(99; $ms)),
		read_iops: (if .read.total_ios > 0 and $ms > 0 then .read.total_ios * 1000 / $ms else null end),
		read_p50_us: (.read.clat_ns | us("50.000000")),
		read_p99_us: (.read.clat_ns | us("99.000000"))
	};

def measured:
	["iops", "clat_p50_us", "clat_p99_us", "clat_p999_us", "lat_mean_us", "lat_p50_us", "lat_p99_us", "lat_p999_us",
	 "fsync_p50_us", "fsync_p99_us", "read_iops", "read_p50_us", "read_p99_us"];

($fio[0].jobs | map(select(.jobname | startswith("between.") | not))
	| map({key: .jobname, value: figures}) | from_entries) as $figures
| ($runs | map({key: .run, value: .}) | from_entries) as $notes
| ($figures | keys_unsorted | map(select(startswith("count.")) | ltrimstr("count."))) as $arms
| ($arms | map(. as $arm | {key: $arm, value:
	[$figures | to_entries[] | select(.key | startswith($arm + "."))
		| .value + {note: $notes[.key], repeat: (.key | ltrimstr($arm + ".") | tonumber)}]
	| sort_by(.repeat)}) | from_entries) as $timed
| ($timed | map_values(length) | [.[]] | max // 0) as $repeats

# Counted in a run of its own, which is not timed.
| ($arms | map(. as $arm
	| $figures["count." + $arm] as $f | $notes["count." + $arm] as $n
	| {key: $arm, value: ($n + {writes: $f.writes})}) | from_entries) as $counted

| ($arms | map(. as $arm | $timed[$arm] as $t | $counted[$arm] as $c
	| (reduce measured[] as $m ({}; .[$m] = ($t | map(.[$m]) | spread))) as $stats
	| ($t | map(.runtime_ms) | median) as $ms
	| {key: $arm, value: ($stats + {
		transactions_per_write: ($t | map(select(.note) | .note.transactions / .writes) | median),
		handles_per_write: ($c.handles / $c.writes),
		conversions_per_write: (if $c.conversions then $c.conversions / $c.writes else null end),
		listed_per_write: (if $c.listed then $c.listed / $c.writes else null end),
		pending_max: $c.pending_max,
		# Until nothing is pending: what is left after the last completion, as the
		# counted run saw it, added to the time of the timed ones.
		drain_us: $c.drain_us,
		iops_drained: (if $stats.iops and $ms > 0
			then ($t | map(.ios) | median) * 1e6 / ($ms * 1000 + ($c.drain_us // 0)) else null end),
		left_after: ($t | map(.note.left // 0) | max), left_us: ($t | map(.note.left_us // 0) | max)
	})}) | from_entries) as $results

| def all_ratios($a; $b): if $results[$a] and $results[$b] then
	reduce measured[] as $m ({}; ratio($results[$a][$m]; $results[$b][$m]) as $r
		| if $r then .[$m] = $r else . end) else null end;

# Nothing of this is a matter of speed: it says that the row is what it claims.
def problems:
	if ($arms | length) == 0 then "there is no counted run" else empty end,
	($arms[] as $arm | $timed[$arm]
		| if length != $repeats then "\($arm): \(length) runs, not \($repeats)" else empty end,
		  (.[] | "\($arm).\(.repeat)" as $run
			| (if $arm | startswith("overwrite") then $shape.overwrite_ios else $shape.ios end) as $ios
			| if .error != 0 then "\($run): error \(.error)" else empty end,
			  if .ios != $ios then "\($run): \(.ios) requests, not \($ios)" else empty end,
			  if $shape.fsync > 0 and .fsyncs == 0 then "\($run): no fsync" else empty end,
			  if .note == null then "\($run): nothing was noted after it" else empty end)),
	($counted | to_entries[] | .key as $arm | .value
		| if .writes == null or .handles == null then "count.\($arm): not counted"
		  else
			(if $arm | startswith("overwrite") then $shape.blocks
			 else .writes * $shape.bs / 4096 end) as $written
			| if ($shape.pattern | startswith("mix")) and ($arm | startswith("overwrite") | not) then
				if .written_blocks <= $shape.blocks / 2 then "count.\($arm): no unwritten block was written" else empty end
			  elif .written_blocks != $written then
				"count.\($arm): \(.written_blocks) blocks are written, not \($written)" else empty end,
			  if $arm != "deferred" and (.listed // 0) > 0 then "count.\($arm): \(.listed) writes were deferred" else empty end,
			  if $arm == "deferred" and (.listed // 0) == 0 then "count.\($arm): no write was deferred" else empty end
		  end);

{row: $row} + $shape + {
	repeats: $repeats,
	arms: $results,
	vs_stock: all_ratios("deferred"; "stock"),
	vs_overwrite: all_ratios("deferred"; "overwrite"),
	ceiling: all_ratios("overwrite"; "stock"),
	commit: all_ratios("overwrite_commit"; "overwrite"),
	unchanged: all_ratios("overwrite"; "overwrite0"),
	problems: [problems]
}
