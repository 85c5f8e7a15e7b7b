#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# What goes wrong ends with a clear message on stderr and the documented status,
# and what was collected is not lost.
# kernel: 6.12
# disks: 256M 256M
# tags: check
# One CPU: hooks come and go while fio is busy, that is, the kernel changes code that
# another CPU is about to run. QEMU without KVM may then run the breakpoint that stood
# there for a moment, and the kernel dies of a stray int3.
# machine: -c 1
# limit: 300
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

# ends NAME STATUS PATTERN COMMAND...: its status, and what its stderr says ('':
# whatever it says).
ends() {
	local name=$1 wanted=$2 pattern=$3 got=0
	shift 3
	"$@" >"$WORK/stdout" 2>"$WORK/stderr" </dev/null || got=$?
	if ((got != wanted)); then
		fail "$name" "'$*' ended with $got, wanted $wanted: $(tail -n 2 "$WORK/stderr")"
	elif [[ $pattern ]] && ! grep -qiE -- "$pattern" "$WORK/stderr"; then
		fail "$name" "'$*' said: $(tail -n 2 "$WORK/stderr")"
	else
		ok "$name"
	fi
}

summary() { jq -r ".$1" "$WORK/summary.json"; }
unprivileged() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

make_ext4 /dev/vda
defer /dev/vda 0
fallocate -l 8M "$MOUNT/file"
writer=(fio --name=w --filename="$MOUNT/file" --size=8M --fallocate=none --rw=randwrite --bs=4k
	--direct=1 --ioengine=libaio --iodepth=8 --fsync=32 --output=/dev/null)

ends 'unknown subcommand' 2 'frobnicate' "$CONVLIST" frobnicate
ends 'unknown option' 2 'wrong' "$CONVLIST" check --wrong
ends 'option without its value' 2 'duration' "$CONVLIST" trace --duration
ends 'a number that is none' 2 'pid' "$CONVLIST" trace --pid abc
ends 'a file that is not there' 3 '/mnt/nowhere' "$CONVLIST" trace -f /mnt/nowhere --duration 1
ends 'a file that is not on ext4' 3 'ext4' "$CONVLIST" check -f /proc/self/maps --duration 1
ends 'a device that is not there' 3 'nodisk' "$CONVLIST" pending /dev/nodisk
ends 'a device that is not mounted' 3 'vdb' "$CONVLIST" pending /dev/vdb
ends 'a command that is not there' 3 'no-such-command' "$CONVLIST" check -- no-such-command
ends 'check without root' 3 'root|CAP_' unprivileged "$CONVLIST" check --duration 1
ends 'pending without root' 3 'root|CAP_' unprivileged "$CONVLIST" pending
events=$(find "$TOP/tests/golden/trace" -name '*.events' | sort | head -n 1)
ends 'a full disk' 3 'space' bash -c "'$CONVLIST' trace --events '$events' >/dev/full"

# A summary that cannot be written must be said before the run, or after it.
ends 'a summary that cannot be written' 3 'summary|/mnt/nowhere' \
	"$CONVLIST" check --summary /mnt/nowhere/summary.json -- true

# The command's own failure does not change the verdict, but is told.
ends 'a command that fails' 0 '' "$CONVLIST" check --summary "$WORK/summary.json" -- sh -c 'exit 7'
check 'a command that fails: is in the summary' jq -e '.command_status' "$WORK/summary.json"

killed_command() {
	"$CONVLIST" check --summary "$WORK/summary.json" -- sh -c 'kill -9 $$'
}
ends 'a command that is killed' 0 '' killed_command
check 'a command that is killed: is in the summary' grep -qi 'kill\|9' "$WORK/summary.json"

# Ctrl-C in the middle: judged as far as it went.
interrupted() {
	"$CONVLIST" check --summary "$WORK/summary.json" -f "$MOUNT/file" >"$WORK/report" 2>&1 &
	local pid=$! status=0
	wait_for 20 grep -q . "$WORK/report"
	sleep 2
	"${writer[@]}"
	kill -INT "$pid"
	wait "$pid" || status=$?
	return "$status"
}
rm -f "$WORK/summary.json"
ends 'Ctrl-C' 0 '' interrupted
equal 'Ctrl-C: the summary has the writes' "$(summary writes)" 2048
check 'Ctrl-C: the summary is printed' grep -q 2048 "$WORK/report"

# The reader goes away.
fallocate -l 8M "$MOUNT/file2"
closed_pipe() {
	local file=$MOUNT/file2
	"$CONVLIST" trace -f "$file" --duration 15 | head -n 3 >/dev/null &
	sleep 4
	"${writer[@]/$MOUNT\/file/$file}"
	wait
}
check 'closed pipe: trace ends' timeout 30 bash -c "$(declare -f closed_pipe); $(declare -p writer)
	CONVLIST='$CONVLIST' MOUNT='$MOUNT'; closed_pipe"

# The file system goes away while it is watched.
make_ext4 /dev/vdb
fallocate -l 1M "$MOUNT/gone"
gone() {
	"$CONVLIST" check --summary "$WORK/summary.json" --duration 8 -d /dev/vdb &
	local pid=$!
	sleep 4
	fio --name=w --filename="$MOUNT/gone" --size=1M --fallocate=none --rw=randwrite --bs=4k \
		--direct=1 --ioengine=libaio --iodepth=8 --fsync=32 --output=/dev/null
	umount "$MOUNT"
	wait "$pid"
}
ends 'umount while watched' 0 '' gone
equal 'umount while watched: the writes were seen' "$(summary writes)" 256

# Its device fails under it: fio gets errors, nobody is blamed for a broken promise.
sectors=$((64 * 2048))
dmsetup create failing --table "0 $sectors linear /dev/vdb 0"
dmsetup mknodes
make_ext4 /dev/mapper/failing
fallocate -l 16M "$MOUNT/file"
sync
failing() {
	"$CONVLIST" check --summary "$WORK/summary.json" -f "$MOUNT/file" --duration 12 &
	local pid=$! status=0
	(
		sleep 6
		dmsetup wipe_table failing
	) &
	sleep 4
	fio --name=w --filename="$MOUNT/file" --size=16M --fallocate=none --rw=randwrite --bs=4k \
		--direct=1 --ioengine=libaio --iodepth=8 --fsync=8 --output=/dev/null || true
	wait "$pid" || status=$?
	return "$status"
}
rm -f "$WORK/summary.json"
status=0
failing >"$WORK/said" 2>&1 || status=$?
check "device fails while watched: status 0 or 4 (it is $status)" test "$status" = 0 -o "$status" = 4
equal 'device fails while watched: violations' "$(summary violations)" 0
at_least 'device fails while watched: writes were seen' "$(summary writes)" 1
umount "$MOUNT" || true
dmsetup remove failing || true

# No types of the kernel: nothing can be read from it.
cat /sys/kernel/btf/vmlinux >"$WORK/types"
mount -t tmpfs none /sys/kernel/btf
ends 'check without BTF' 3 'BTF' "$CONVLIST" check --duration 1
ends 'pending without BTF' 3 'BTF' "$CONVLIST" pending
ends 'doctor without BTF' 3 'BTF' "$CONVLIST" doctor
# ... but from a file.
types=("$CONVLIST" --btf "$WORK/types")
ends 'types from no file' 3 'BTF' "$CONVLIST" --btf "$WORK/nothing" doctor
ends 'types from a file that has none' 3 'BTF' "$CONVLIST" --btf "$0" check --duration 1
# Which conversions there are to hook is found by their names.
sed 's/ext4_aio_dio/ext4_aio_xxx/g' "$WORK/types" >"$WORK/other"
ends 'types of a kernel without the series' 3 'not of this kernel' "$CONVLIST" --btf "$WORK/other" check --duration 1
ends 'doctor with types from a file' 0 '' "${types[@]}" doctor
equal 'doctor with types from a file: pending, but no stat' \
	"$("${types[@]}" doctor --json | jq -r 'select(.type == "doctor") | "\(.pending) \(.stat_and_pending)"')" 'true false'
ends 'stat with types from a file' 3 'no types of the kernel.s own' "${types[@]}" stat --duration 1
make_ext4 /dev/vda
defer /dev/vda 0
fallocate -l 8M "$MOUNT/file"
rm -f "$WORK/summary.json"
status=0
"${types[@]}" check --summary "$WORK/summary.json" -- "${writer[@]}" >"$WORK/said" 2>&1 || status=$?
# The kernel may pass over return probes, and tells how many.
if (($(summary lost))); then
	equal 'check with types from a file: skipped probes make it inconclusive' "$status" 4
else
	equal 'check with types from a file' "$status" 0
fi
equal 'check with types from a file: writes' "$(summary writes)" 2048
equal 'check with types from a file: violations' "$(summary violations)" 0
equal 'check with types from a file: no hook is missing' \
	"$("${types[@]}" doctor --json | jq -r 'select(.type == "hook" and .how == "missing").hook')" ''
defer /dev/vda 60000
rm "$MOUNT/file"
fallocate -l 8M "$MOUNT/file"
"${writer[@]}" --fsync=0 --io_size=64k || die 'fio failed'
ends 'pending with types from a file' 0 '' "${types[@]}" pending
check 'pending with types from a file: it has entries' grep -q "$MOUNT/file" "$WORK/stdout"
umount "$MOUNT"
umount /sys/kernel/btf
