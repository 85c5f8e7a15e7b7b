#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What is documented is what is there: options, JSON fields, rules, kinds.
. "$(dirname "$0")/../lib/test.sh"
cd "$TOP" || exit

# Names of options in the tables; a macro's rows are found where it is defined.
options() { sed -nE 's/^.*\{ "([a-z-]+)", .*CL_OPT_[A-Z0-9]+,.*/\1/p' "$@"; }

options_in_the_manual() {
	local name missing=0
	for name in $(options cli/cmd_*.c cli/filter_opts.h cli/opt.h); do
		grep -qF -- "\\-\\-${name//-/\\-}" docs/convlist.8 && continue
		echo "--$name is not in docs/convlist.8"
		missing=1
	done
	return "$missing"
}

json_fields_documented() {
	local key missing=0
	for key in $(cat tests/golden/*/*.expect | grep '^{' | grep -oE '"[a-z0-9_]+":' | tr -d '":' | sort -u); do
		grep -qF "\`$key\`" docs/json.md && continue
		echo "$key is not in docs/json.md"
		missing=1
	done
	return "$missing"
}

rules_documented() {
	local rule verdict missing=0
	while read -r rule; do
		[[ -f docs/rules/$rule.md ]] || { echo "docs/rules/$rule.md is missing" && missing=1; }
		grep -q '^## An example' "docs/rules/$rule.md" ||
			{ echo "docs/rules/$rule.md has no example" && missing=1; }
		for verdict in 'ok' '(violation|warning)' 'inconclusive'; do
			grep -qlE "rule=$rule verdict=$verdict" "tests/golden/$rule/"*.expect ||
				{ echo "no case in tests/golden/$rule is $verdict" && missing=1; }
		done
	done < <(sed -nE 's/^X\(cl_rule_(.*)\)$/\1/p' cli/rules/rules.def)
	return "$missing"
}

kinds_documented() {
	local kind missing=0
	while read -r kind; do
		grep -qE "^\| \`$kind\` \|" docs/json.md || { echo "$kind is not in docs/json.md" && missing=1; }
	done < <(sed -nE 's/^\t\[CL_EV_[A-Z_]+\] = \{ "([a-z_]+)".*/\1/p' cli/model/event_table.c)
	return "$missing"
}

check options_in_the_manual options_in_the_manual
check json_fields_documented json_fields_documented
check rules_documented rules_documented
check kinds_documented kinds_documented
[[ $FAILED == 0 ]]
