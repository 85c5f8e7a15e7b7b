# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after test.sh: runs tests/workload/window.

# Whatever is read from space that was not written must be zeros, not this.
fill_with_old_data() {
	yes 'old data' | dd of="$1" bs=1M iflag=fullblock status=none 2>/dev/null || true
}

# Options of mkfs that leave the old data where it is.
# shellcheck disable=SC2034 # by those that source this
KEEP_OLD_DATA=(-E 'nodiscard,lazy_itable_init=0,lazy_journal_init=0')

# window_lines PREFIX: the program's result lines as this test's own.
window_lines() {
	local line result what
	while read -r line; do
		case $line in
		'not ok '*) result='not ok' ;;
		'ok '*) result=ok ;;
		'skip '*) result=skip ;;
		*) continue ;;
		esac
		what=${line#"$result "}
		case $result in
		'not ok') fail "$1: ${what%% - *}" "${what#* - }" ;;
		ok) ok "$1: $what" ;;
		skip) skip "$1: ${what%% - *}" "${what#* - }" ;;
		esac
	done
}

# window PREFIX DEVICE FOLDER [OPTION|CASE...]: on the mounted DEVICE.
window() {
	local prefix=$1 device=$2 folder=$3
	shift 3
	# As they come: a case that hangs is the one after the last that is shown.
	"$TOP/out/workload/window" "$@" "$folder" "/sys/fs/ext4/$(ext4_name "$device")" |
		tee "$WORK/cases" | window_lines "$prefix" || true
}
