# SPDX-License-Identifier: GPL-2.0
# tool.json from the runs that tool_guest noted: jq -s -L tests/bench --arg ... -f tool.jq runs
include "stat";

def largest($key): [.[] | .[$key] | select(. != null)] | max;

. as $runs
| ([$runs[].row] | reduce .[] as $r ([]; if index($r) then . else . + [$r] end)) as $rows
| ([$runs[].arm] | reduce .[] as $a ([]; if index($a) then . else . + [$a] end)) as $arms
| ($rows | map(. as $row | {key: $row, value: (
	($arms | map(. as $arm | {key: $arm, value: (
		[$runs[] | select(.row == $row and .arm == $arm)] | sort_by(.repeat)
		| {iops: (map(.iops) | spread), lost: largest("lost"), rss_kib: largest("rss_kib"),
			first_ms: ([.[].first_ms | select(. != null)] | spread),
			facts_per_s: ([.[].facts_per_s | select(. != null)] | spread)})}) | from_entries) as $of
	| $of | with_entries(if .key == "untraced" then . else
		.value.ratio = ratio(.value.iops; $of.untraced.iops) end))}) | from_entries) as $table
| {
	about: {uname: $uname, accel: $accel, icount: ($icount == 1), cpus: $cpus, repeats: $repeats, writes: $writes,
		binary_bytes: $binary,
		fio: "4k randwrite, libaio, direct=1, iodepth=16 each, fsync=32",
		null_blk: "memory_backed=1 irqmode=1 (softirq), two queues, written once before"},
	ratio: ($table[$rows[0]] | with_entries(select(.value.ratio) | .value |= .ratio)),
	rows: $table,
	# Facts that a ring of the default size holds before the first is lost.
	room_facts: $room,
	problems: [
		($runs[] | select(.ios != $writes) | "\(.row), \(.arm).\(.repeat): \(.ios) writes, not \($writes)"),
		($rows[] as $row | $arms[] as $arm
			| [$runs[] | select(.row == $row and .arm == $arm)] | length
			| select(. != $repeats) | "\($row), \($arm): \(.) runs, not \($repeats)")]
}
