# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after test.sh: files with writes that are listed and stay so, and what
# became of their data.

DEVICE=/dev/vda
MOUNT=/mnt/vda
file=''

# A fresh file system on $DEVICE with COUNT blocks written to $file, listed, and
# nothing that converts them. The rest is for make_ext4.
hold() {
	local count=$1
	shift
	make_ext4 "$DEVICE" "$@"
	defer "$DEVICE" 60000
	file=$MOUNT/file
	write_blocks "$count"
}

# fio writes and verifies the same blocks in the same order.
blocks_job() {
	local name=$1
	shift
	fio_json "$name" --filename="$file" --rw="${ORDER:-randwrite}" --bs=4k --direct=1 \
		--ioengine=libaio --iodepth=16 --fallocate=none --verify=crc32c "$@"
}

write_blocks() {
	fallocate -l $(($1 * 4096)) "$file"
	blocks_job hold --size=$(($1 * 4096)) --do_verify=0
}

data_is_there() {
	blocks_job verify --size="$(stat -c %s "$file")" --verify_only
}

# The same through the page cache.
data_is_readable() {
	blocks_job verify --size="$(stat -c %s "$file")" --verify_only --direct=0
}

remounted_data_is_there() {
	mount "$DEVICE" "$MOUNT"
	data_is_there
	umount "$MOUNT"
	e2fsck -fn "$DEVICE" >/dev/null 2>&1
}

# Nothing may be left of what did not become part of the file.
no_old_data() {
	! grep -qa 'old data' "$file"
}

none_pending() { (($(pending_count "$DEVICE") == 0)); }

# in_time NAME SECONDS COMMAND...: well, and long before the list converts itself.
in_time() {
	local name=$1 limit=$2 start=$SECONDS
	shift 2
	check "$name" "$@"
	((SECONDS - start <= limit)) || fail "$name: in time" "it took $((SECONDS - start)) s"
}

# ---- programs that have the file open ---------------------------------------

# holder NAME: opens $file in a process of its own, which then does what `tell
# NAME COMMAND` says: a command of xfs_io. What it said is in $WORK/NAME.
declare -A HOLDER=()
holder() {
	local name=$1 fd
	mkfifo "$WORK/$name.pipe"
	xfs_io "$file" <"$WORK/$name.pipe" >"$WORK/$name" 2>&1 &
	exec {fd}>"$WORK/$name.pipe"
	HOLDER[$name]="$fd $!"
	rm "$WORK/$name.pipe"
	wait_for 10 has_open "$!" "$file"
}

has_open() {
	local fd
	for fd in "/proc/$1/fd/"*; do
		[[ ! $fd -ef $2 ]] || return 0
	done
	return 1
}

tell() {
	local fd pid
	read -r fd pid <<<"${HOLDER[$1]}"
	echo "$2" >&"$fd"
}

holder_pid() { echo "${HOLDER[$1]#* }"; }

# It closes the file, having done everything that it was told.
dismiss() {
	local fd pid
	read -r fd pid <<<"${HOLDER[$1]}"
	# Not the end of its input: a later holder has that open as well.
	echo quit >&"$fd"
	exec {fd}>&-
	wait "$pid" || true
	unset "HOLDER[$1]"
}

# How often one of its calls has failed.
errors_of() { grep -c -E 'Input/output error|Cannot allocate|No space left|Read-only file|Structure needs' "$WORK/$1" || true; }

# ---- running some of a test's cases -----------------------------------------

# run_cases 'CASE...' [WANTED...]: all, or those that are named; a test may be run
# with names of cases, as tests/vm/test_guards.sh does.
run_cases() {
	local case
	# shellcheck disable=SC2206 # words
	local -a all=($1)
	shift
	(($# == 0)) || all=("$@")
	for case in "${all[@]}"; do
		"$case"
	done
}
