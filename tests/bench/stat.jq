# SPDX-License-Identifier: GPL-2.0
# What the other programs share: medians, ratios with their spread, columns.

def median:
	sort | length as $n
	| if $n == 0 then null
	  elif $n % 2 == 1 then .[($n - 1) / 2]
	  else (.[$n / 2 - 1] + .[$n / 2]) / 2 end;

def sum: reduce .[] as $x (0; . + $x);

def geomean: if length == 0 then null else (map(log) | sum) / length | exp end;

def round_to($digits): if . == null then null else pow(10; $digits) as $p | . * $p | round / $p end;

# [values] -> {median, min, max, values}; null where nothing was measured.
def spread:
	if length == 0 or any(. == null) then null
	else {median: median, min: min, max: max, values: .} end;

# Of two spreads: the ratio of the medians, and the least and the greatest ratio
# of the values that were measured one after the other, in the same repeat.
def ratio($a; $b):
	if $a == null or $b == null or any($b.values[]; . == 0) then null
	else
		[range([$a.values, $b.values] | map(length) | min) | $a.values[.] / $b.values[.]] as $pairs
		| {ratio: ($a.median / $b.median), min: ($pairs | min), max: ($pairs | max), values: $pairs}
	end;

def left($width): . + " " * ([$width - length, 0] | max);
def right($width): " " * ([$width - length, 0] | max) + .;

# "1234", 2 -> "12.34"
def fixed_digits($digits):
	("0" * ([$digits + 1 - length, 0] | max)) + .
	| if $digits == 0 then . else .[:length - $digits] + "." + .[length - $digits:] end;

def fixed($digits):
	pow(10; $digits) as $p | . * $p | round | tostring
	| if startswith("-") then "-" + (.[1:] | fixed_digits($digits)) else fixed_digits($digits) end;

# 1234.5 -> "1234"; small numbers keep what tells them apart.
def number:
	if . == null then "-"
	elif . >= 100 then round | tostring
	elif . >= 10 then fixed(1)
	else fixed(2) end;
