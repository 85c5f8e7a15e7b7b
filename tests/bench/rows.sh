# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# shellcheck disable=SC2034 # whoever sources this uses them
# Sourced: the rows of the table, and what their names mean.
#
# DEVICE-BLOCK-PATTERN-DEPTH-FSYNC-FILES, such as null-4k-rand-d16-fsync32-1f
#   DEVICE   null     memory-backed null_blk, two queues, completion by softirq
#            virtio   virtio-blk, an image file of this machine
#   PATTERN  rand     each block of the file once, as fio does by default
#            seq
#            sparse   random, each block at most once, of a file four times as large: the
#                     most extents that so many writes can leave, so the largest commits
#            mix70    70 % reads, 30 % writes, random, the first half of the file written
#            mix30    30 % reads
#            over     overwrites alone, with deferral off and on: what must not change
#   FSYNC    nofsync, or fsync32: one after each 32 writes of a file
#   FILES    1f, 4f: one fio job a file, each with the whole depth, all at once

rows_of_writes() {
	local device block pattern depth fsync files
	for device in null virtio; do
		for block in 4k 64k; do
			for files in 1f 4f; do
				for pattern in rand seq; do
					for depth in d1 d16 d64; do
						for fsync in nofsync fsync32; do
							echo "$device-$block-$pattern-$depth-$fsync-$files"
						done
					done
				done
			done
		done
	done
}

rows_of_others() {
	local device depth fsync pattern
	for device in null virtio; do
		for fsync in nofsync fsync32; do
			for pattern in sparse mix70 mix30; do
				echo "$device-4k-$pattern-d16-$fsync-1f"
			done
			for depth in d1 d64; do
				echo "$device-4k-over-$depth-$fsync-1f"
			done
		done
	done
}

# Every value of every dimension at least once, and where the prototype of the
# series was weakest and strongest.
quick_rows() {
	cat <<-'TEXT'
		null-4k-rand-d1-nofsync-1f
		null-4k-rand-d16-fsync32-1f
		null-4k-rand-d64-nofsync-1f
		null-4k-seq-d16-fsync32-1f
		null-4k-seq-d64-nofsync-1f
		null-4k-rand-d16-fsync32-4f
		null-64k-rand-d16-nofsync-1f
		virtio-4k-rand-d16-fsync32-1f
		virtio-4k-rand-d64-nofsync-4f
		virtio-64k-seq-d64-fsync32-1f
		null-4k-sparse-d16-fsync32-1f
		null-4k-mix70-d16-nofsync-1f
		null-4k-over-d64-nofsync-1f
	TEXT
}

all_rows() {
	rows_of_writes
	rows_of_others
}

# parse_row NAME: sets what the name says, and how much is written.
#   DEVICE BS (bytes) PATTERN DEPTH FSYNC (0: none) FILES
#   IOS OVERWRITE_IOS (of one file)   FILE_SIZE (bytes, of one file)
# SCALE multiplies the number of writes; a fast machine needs more of them. WRITES
# is that number itself, for tests.
# Overwrites are fast: twice as many of them still end first.
parse_row() {
	local block fsync total=4096
	IFS=- read -r DEVICE block PATTERN DEPTH fsync FILES <<<"$1"
	BS=$((${block%k} * 1024)) DEPTH=${DEPTH#d} FILES=${FILES%f} FSYNC=0
	[[ $fsync == nofsync ]] || FSYNC=${fsync#fsync}
	((BS == 4096)) || total=1024
	IOS=$((${WRITES:-$total} * ${SCALE:-1} / FILES))
	FILE_SIZE=$((IOS * BS))
	OVERWRITE_IOS=$((IOS * 2))
	case $PATTERN in
	sparse) FILE_SIZE=$((FILE_SIZE * 4)) ;;
	mix*) FILE_SIZE=$((FILE_SIZE * 4)) OVERWRITE_IOS=$IOS ;;
	esac
}

# overwrite_commit: overwrites of which each fsync has a transaction to commit, as
# it must have after conversions; see commit_fsync.c.
arms_of() {
	case $1 in
	*-over-*) echo overwrite0 overwrite ;;
	*-rand-*-fsync* | *-seq-*-fsync* | *-sparse-*-fsync*) echo stock deferred overwrite_commit overwrite ;;
	*) echo stock deferred overwrite ;;
	esac
}
