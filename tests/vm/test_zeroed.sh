#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# A file system that is full to the last block, nothing reserved: where the split of an
# extent finds no room for the tree, ext4 zeroes the rest of the extent instead. 7.3 does
# so when writes complete, over the data of other writes. check names exactly the blocks
# that fio finds wrong then, and nothing on 6.12, which does it before the I/O.
# kernel: stock-newest 6.12 6.12-stock
# disks: 80M
# tags: check stock
# limit: 560
. "$(dirname "${BASH_SOURCE[0]}")/../lib/test.sh"

summary() { jq -r ".$1" "$WORK/summary.json"; }
rule() { jq -r ".rules[] | select(.rule == \"completed_write_not_zeroed\") | .$1" "$WORK/summary.json"; }
lines() { wc -l <"$1"; }

fill() {
	local size n=0
	for size in 16M 2M 256K 32K 4K; do
		while fallocate -l $size "$MOUNT/fill.$n" 2>/dev/null; do
			n=$((n + 1))
		done
		rm -f "$MOUNT/fill.$n"
	done
}

# round SEED [FIO-OPTION...]: leaves what fio found wrong and what check named, as offsets.
# With no block left a write may fail for want of space, rightly, and fio gives up.
round() {
	local try
	for try in 1 2 3 4 5; do
		run_fio "$@"
		grep -q 'No space left on device' "$WORK/errors" || break
		echo "seed $1: fio found no space in try $try"
	done
	figures "$1"
}

run_fio() {
	local seed=$1
	shift
	make_ext4 /dev/vda -m 0 -N 4096
	echo 0 >"/sys/fs/ext4/$(ext4_name /dev/vda)/reserved_clusters"
	((!DEFER)) || defer /dev/vda
	fallocate -l 40M "$MOUNT/file"
	fill
	sync
	STATUS=0
	"$CONVLIST" check --json --max-violations 100000 --summary "$WORK/summary.json" \
		--record "$WORK/rec" -- fio --name=zeroed --output=/dev/null --filename="$MOUNT/file" \
		--size=40M --bs=4k --rw=randwrite --direct=1 --fallocate=none --ioengine=libaio \
		--iodepth=32 --verify=crc32c --verify_fatal=0 --continue_on_error=verify \
		--end_fsync=1 --randseed="$seed" "$@" >"$WORK/said" 2>"$WORK/errors" || STATUS=$?
	[[ -s $WORK/summary.json ]] || die "no summary: $(tail -n 3 "$WORK/errors")"
	cat "$WORK/said" "$WORK/errors" >"$WORK/all"
	sed -nE 's/^.*verify: .* offset ([0-9]+), length 4096 .*/\1/p' "$WORK/all" |
		sort -un >"$WORK/wrong"
}

# What the last one showed.
figures() {
	local seed=$1
	grep -h '"type":"violation"' "$WORK/said" |
		jq -r 'select(.rule == "completed_write_not_zeroed").zeroout |
			range(.lost_offset_bytes; .lost_offset_bytes + .lost_size_bytes; 4096)' |
		sort -un >"$WORK/named" || true
	"$CONVLIST" trace --json -e zeroout "$WORK/rec" | grep '"kind":"zeroout"' >"$WORK/zeroouts" || true
	echo "seed $seed: $(lines "$WORK/wrong") blocks wrong, $(lines "$WORK/named") named," \
		"$(rule unsure) unsure, $(lines "$WORK/zeroouts") zeroouts, $(summary writes) writes," \
		"$(summary lost) lost, $(summary verdict); $SECONDS s"
	grep -h '"type":"warning"' "$WORK/said" || true
}

# Sound kernels: zeros are written, over nothing that matters.
clean() {
	local name=$1
	equal "$name: verdict" "$STATUS $(summary verdict) $(rule violations) $(rule unsure)" '0 ok 0 0'
	equal "$name: fio finds nothing wrong" "$(lines "$WORK/wrong")" 0
	at_least "$name: zeroouts are seen" "$(lines "$WORK/zeroouts")" 1
}

DEFER=0
if [[ $KERNEL == 6.12* ]]; then
	round 1
	clean 'seed 1'
	[[ $KERNEL == 6.12-stock* ]] || DEFER=1
	round 2 --iodepth_batch_submit=16
	clean 'seed 2, in batches'
	exit "$FAILED"
fi

# How many writes are under way when the first zeros are written is a matter of luck.
for seed in 1 2 3 4 5 6; do
	round $seed --iodepth_batch_submit=16
	equal "seed $seed: nothing is named that is not wrong" \
		"$(comm -13 <(sort "$WORK/wrong") <(sort "$WORK/named") | xargs)" ''
	# Which of two that are with the device at once comes last cannot be seen.
	if (($(rule unsure) + $(summary lost))); then
		at_least "seed $seed: what is wrong and not named is unsure" \
			$(($(rule unsure) + $(summary lost))) \
			$(($(lines "$WORK/wrong") - $(lines "$WORK/named")))
		continue
	fi
	equal "seed $seed: what is wrong is named" "$(xargs <"$WORK/named")" "$(xargs <"$WORK/wrong")"
	if (($(lines "$WORK/wrong"))); then
		equal "seed $seed: verdict" "$STATUS $(summary verdict)" '1 violation'
		status_is "seed $seed: the recording says the same" 1 "$CONVLIST" check "$WORK/rec"
		exit "$FAILED"
	fi
done
fail 'data is lost, and all of it named' 'no round of six showed it'
