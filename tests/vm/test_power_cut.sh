#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The machine is killed while several threads write and sync: what fsync had
# promised by then is there after the next boot on the series, and is missing on
# the kernel without the flush in fsync, which shows that this test can fail.
#
# Cruder than test_crash.sh: a few points in place of all, and the disk keeps what
# it was given, flushed or not.
# kernel: 6.12 6.12-nofsync
# runs: host
# tags: crash
# limit: 240
# long-limit: 1200
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

CRASH=$TOP/out/workload/crash
disk=$WORK/disk.img notes=$WORK/out/notes
vm=("$TOP/tests/vm/vm" -q -k "$KERNEL" -d "$disk" -o "$WORK/out")

# cut BATCH_MS MARKS: the notes are on this machine at once, and the kill is due
# when they have so many marks.
cut() {
	local name="power cut at mark $2, batch $1 ms" status=0 pid
	rm -rf "$disk" "$WORK/out"
	mkdir "$WORK/out"
	truncate -s 64M "$disk"
	"${vm[@]}" -- bash -c ". '$TOP/tests/lib/test.sh'; '$CRASH' fill /dev/vda
		make_ext4 /dev/vda -E nodiscard; defer /dev/vda $1
		exec '$CRASH' write --marks 1000000 --seed $2 \$MOUNT /out/notes" \
		>"$WORK/said" 2>&1 &
	pid=$!
	if ! wait_for 120 enough_marks "$2" "$pid"; then
		cat "$WORK/said"
		die "$name: the notes have only $(marks) marks"
	fi
	# It kills QEMU.
	kill -TERM "$pid"
	wait "$pid" || status=$?
	equal "$name: the machine was killed while it wrote" "$status" 143
	read_back
}

marks() { grep -c '^mark' "$notes" 2>/dev/null || true; }
enough_marks() {
	kill -0 "$2" || return 0
	(($(marks) >= $1))
}

# What the next boot finds: compared, and e2fsck's status.
read_back() {
	"${vm[@]}" -- bash -c "mkdir -p /mnt/a; mount /dev/vda /mnt/a || exit
		'$CRASH' check /mnt/a /out/notes; umount /mnt/a
		e2fsck -fn /dev/vda >/dev/null 2>&1; echo \"e2fsck \$?\"" >"$WORK/said" || true
	cat "$WORK/said"
}
found() { sed -nE "s/^(.* )?$1 ([0-9]+).*/\2/p" "$WORK/said" | tail -n 1; }

kept() {
	cut "$@"
	local name="power cut at mark $2, batch $1 ms"
	at_least "$name: promises were made" "$(found kept)" "$2"
	equal "$name: all that was promised is there, and nothing old" \
		"$(grep -oE 'missing.*|e2fsck.*' "$WORK/said" | xargs)" \
		'missing 0 older 0 foreign 0 future 0 gone 0 e2fsck 0'
}

# A cut just after a syncfs, which still flushes there, finds nothing missing.
lost() {
	local batch=$1 mark
	shift
	for mark; do
		cut "$batch" "$mark"
		(($(found missing) == 0)) || break
	done
	at_least "power cut at mark $mark, batch $batch ms: the broken kernel has lost what it promised" \
		"$(found missing)" 1
}

case $KERNEL in
*nofsync*) lost 3600000 40 45 50 55 ;;
*)
	kept 0 60
	kept 3600000 40
	((!${CONVLIST_LONG:-0})) || for round in {1..8}; do
		kept $((round % 4 * 5)) $((50 * round + RANDOM % 50))
	done
	;;
esac
