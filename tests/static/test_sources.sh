#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What the sources must look like.
. "$(dirname "$0")/../lib/test.sh"
cd "$TOP" || exit

tracked() { git ls-files -co --exclude-standard -- "$@" | while read -r file; do [[ ! -f $file ]] || echo "$file"; done; }

scripts() {
	tracked | while read -r file; do
		if head -n 1 "$file" | grep -qE '^#!.*(bash|/sh)'; then echo "$file"; fi
	done
}

shell_is_clean() {
	local -a all sh
	mapfile -t all < <(scripts | grep -v '^tests/vm/initramfs$'; tracked 'tests/lib/*.sh' 'tests/**/*.sh')
	mapfile -t sh < <(tracked tests/vm/initramfs)
	# Sourced files are checked themselves; following them again is slow.
	shellcheck -e SC1091,SC2094 "${all[@]}" && shellcheck -s sh "${sh[@]}"
}

licence_named() {
	local missing
	missing=$({ tracked 'bpf/*' 'cli/*' 'tests/*.c' 'tests/*.h' Makefile; scripts; } | sort -u |
		grep -vE '\.(json|md|txt|out)$' | while read -r file; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: GPL-2.0' || echo "$file"
	done)
	[[ -z $missing ]] || { echo "no SPDX line: $missing" && return 1; }
}

files_are_short() {
	local long
	long=$(tracked 'bpf/*.[ch]' 'cli/*.[ch]' 'tests/unit/*.[ch]' | while read -r file; do
		lines=$(wc -l <"$file")
		((lines <= 520)) || echo "$file has $lines lines"
	done)
	[[ -z $long ]] || { echo "$long" && return 1; }
}

check shellcheck shell_is_clean
check licences licence_named
check file_length files_are_short
