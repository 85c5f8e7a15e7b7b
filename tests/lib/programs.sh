# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Sourced after test.sh: real programs under check, from tests/programs.

# How long a load runs.
# shellcheck disable=SC2034 # by tests
LOAD_SECONDS=${CONVLIST_LOAD_SECONDS:-$([[ -n ${CONVLIST_LONG:-} ]] && echo 180 || echo 3)}
# Those whose names match it.
wanted_load() { [[ $1 =~ ${CONVLIST_LOADS:-.} ]]; }

DEVICE=/dev/vda
ROOT='' PACKAGES=()

has_series() { [[ -e /sys/fs/ext4/$(ext4_name "$DEVICE")/aio_dio_defer ]]; }

# A fresh file system on $DEVICE; deferral is on where there is any.
traced_ext4() {
	make_ext4 "$DEVICE"
	if has_series; then
		defer "$DEVICE" 20
	fi
}

# use_programs SUITE: its tree is $ROOT, with $MOUNT as its /mnt. 1: it is not there.
use_programs() {
	local dir folder
	if ! folder=$("$TOP/tests/programs" path "$1" 2>/dev/null); then
		skip "programs of $1" "not here; get them with: tests/programs get $1"
		return 1
	fi
	ROOT=$folder/root
	for dir in dev proc sys; do
		mountpoint -q "$ROOT/$dir" || mount --rbind "/$dir" "$ROOT/$dir"
	done
	mkdir -p "$ROOT/debs"
	mount --bind "$folder/debs" "$ROOT/debs"
	# shellcheck disable=SC2034 # by tests
	PACKAGES=("$ROOT"/debs/lib*.deb)
	# shellcheck disable=SC2034
	PACKAGES=("${PACKAGES[@]#"$ROOT"}")
	mount --bind "$MOUNT" "$ROOT/mnt"
	chmod 1777 "$ROOT/tmp"
	cp "$TOP"/tests/workload/programs/* "$ROOT/tmp"
}

leave_programs() { umount "$ROOT/mnt" "$ROOT/debs"; }

# ---- under check --------------------------------------------------------------

summary() { jq -r ".$1" "$WORK/summary.json"; }

# Where tasks are preempted within a program, the kernel passes over the program for
# the next task: that is counted as missed, and then nothing is ok. All other loss is
# not expected, and no other reason to be unsure is.
verdict_is_true() {
	local name=$1 status=$2
	equal "$name: no violation" "$(summary violations)" 0
	equal "$name: nothing malformed" "$(summary malformed)" 0
	if (($(summary lost_where.missed))); then
		equal "$name: missed programs make it inconclusive" "$status $(summary verdict)" '4 inconclusive'
		equal "$name: nothing else is lost" "$(summary lost)" "$(summary lost_where.missed)"
		return
	fi
	equal "$name: status, violations, lost" "$status $(summary violations) $(summary lost)" '0 0 0'
	# How a program uses fsync is its own affair: shown, not asked for.
	equal "$name: verdict" "$(summary verdict | sed 's/^warning$/ok/')" ok
	grep -A 12 '^warning$' "$WORK/said" || true
}

# judged NAME COMMAND...: a load that ends well, under check; and the same verdict on
# its recording. All that is known of a wrong verdict is in /out, if that is kept.
judged() {
	local name=$1 status=0 start=$SECONDS before=$FAILED
	shift
	FAILED=0
	rm -f "$WORK/summary.json" "$WORK/rec"
	"$CONVLIST" check --summary "$WORK/summary.json" --record "$WORK/rec" -- "$@" \
		>"$WORK/said" 2>&1 || status=$?
	[[ -s $WORK/summary.json ]] || die "$name: no summary: $(tail -n 3 "$WORK/said")"
	equal "$name: the program ended well" "$(jq -c .command_status "$WORK/summary.json")" \
		'{"exit":0,"signal":null}'
	verdict_is_true "$name" "$status"
	figures "$name" $((SECONDS - start))
	equal "$name: replayed verdict" "$(replayed)" "$(summary verdict) $(summary violations) $(summary writes)"
	grep -E 'tps|transactions actually|rows|Using|IOPS' "$WORK/said" || true
	((!FAILED)) || keep "$name"
	FAILED=$((FAILED | before))
}

replayed() {
	"$CONVLIST" check --json "$WORK/rec" 2>/dev/null |
		jq -r 'select(.type == "summary") | "\(.verdict) \(.violations) \(.writes)"'
}

figures() {
	local facts
	facts=$("$CONVLIST" trace "$WORK/rec" 2>/dev/null | wc -l)
	jq -r --arg name "$1" --arg s "$2" --arg facts "$facts" '"figures: \($name): \(.verdict), \($facts) facts, \(.writes) writes, " +
		"\(.listed) listed, \(.fsyncs) fsyncs, \(.commits) commits, \(.lost) lost (\(.lost_where.missed) missed), " +
		"held \([.rules[].held] | add), unsure \([.rules[].unsure] | add), \($s) s"' "$WORK/summary.json"
	jq -r '.rules[] | select(.reason != null) | "figures: \(.rule): \(.verdict): \(.reason)"' "$WORK/summary.json"
	jq -r '.rules[] | select(.verdict == "warning") | "figures: \(.rule): \(.warnings) warnings"' "$WORK/summary.json"
}

keep() {
	local to
	to=/out/$KERNEL-${1//[^a-zA-Z0-9]/-}
	cp "$WORK/rec" "$to.rec"
	cp "$WORK/summary.json" "$to.json"
	cp "$WORK/said" "$to.said"
	tail -n 25 "$WORK/said"
}

# The file system holds together after all that.
checked_ext4() {
	umount "$MOUNT"
	check "$1: e2fsck" e2fsck -fn "$DEVICE"
}
