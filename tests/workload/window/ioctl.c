// SPDX-License-Identifier: GPL-2.0
/* ext4's own ioctls in the window, and those of attributes and fs-verity. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/fsverity.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "window.h"

/* As in fs/ext4/ext4.h: no header of user space has them. */
struct move_extent {
	uint32_t reserved, donor_fd;
	uint64_t orig_start, donor_start, len, moved_len;
};
#define EXT4_IOC_MIGRATE _IO('f', 9)
#define EXT4_IOC_MOVE_EXT _IOWR('f', 15, struct move_extent)
#define EXT4_IOC_SWAP_BOOT _IO('f', 17)
#define EXT4_EXTENTS_FL 0x00080000

/* ---- EXT4_IOC_MOVE_EXT, which e4defrag uses ---- */

static int move_extent(struct window *w, int fd, int donor)
{
	struct move_extent move = { .len = FILE_BLOCKS, .donor_fd = donor };
	int block_size;

	if (ioctl(fd, FIGETBSZ, &block_size))
		return broken(w, "FIGETBSZ");
	move.len = FILE_BYTES / block_size;
	if (!ioctl(fd, EXT4_IOC_MOVE_EXT, &move))
		return 0;
	if (errno == EOPNOTSUPP)
		return skipped(w, "not supported on this file system");
	return broken(w, "EXT4_IOC_MOVE_EXT");
}

static int case_move_extent(struct window *w)
{
	int donor = open_beside(w, "donor", FILE_BYTES), ret;

	if (donor < 0)
		return broken(w, "donor");
	ret = move_extent(w, w->fd, donor);
	if (!ret)
		ret = expect_read(w, w->fd, WRITTEN_AT);
	if (!ret && expect_zeros(w, donor, WRITTEN_AT, WRITTEN_BYTES))
		ret = wrong(w, "the donor got the conversion");
	close(donor);
	return ret;
}

/* The pending file gives its blocks away. */
static int case_move_extent_donor(struct window *w)
{
	int other = open_beside(w, "other", FILE_BYTES), ret;

	if (other < 0)
		return broken(w, "open");
	ret = move_extent(w, other, w->fd);
	if (!ret && fsync(w->fd))
		ret = broken(w, "fsync");
	if (!ret)
		ret = expect_zeros(w, other, WRITTEN_AT, WRITTEN_BYTES);
	/* What a donor holds afterwards is nobody's business, but no old data. */
	if (!ret && expect_read(w, w->fd, WRITTEN_AT))
		ret = expect_zeros(w, w->fd, WRITTEN_AT, WRITTEN_BYTES);
	close(other);
	return ret;
}

/* ---- EXT4_IOC_SWAP_BOOT ---- */

static int swap_boot(struct window *w)
{
	if (!ioctl(w->fd, EXT4_IOC_SWAP_BOOT))
		return 0;
	return errno == EINVAL ? skipped(w, "no boot loader of such a file") :
				 broken(w, "EXT4_IOC_SWAP_BOOT");
}

/* To the boot loader's inode, and back: conversions between must not be lost. */
static int case_swap_boot(struct window *w)
{
	int ret = swap_boot(w);

	if (ret)
		return ret;
	if (syncfs(w->fd))
		ret = broken(w, "syncfs");
	if (swap_boot(w))
		return FAILED;
	return ret ? ret : expect_read(w, w->fd, WRITTEN_AT);
}

/* ---- attributes ---- */

static int change_flags(struct window *w, int fd, int set, int clear)
{
	int flags;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags))
		return broken(w, "FS_IOC_GETFLAGS");
	flags = (flags | set) & ~clear;
	return ioctl(fd, FS_IOC_SETFLAGS, &flags) ? broken(w, "FS_IOC_SETFLAGS") : 0;
}

static bool has_flags(int fd, int flags)
{
	int now;

	return !ioctl(fd, FS_IOC_GETFLAGS, &now) && (now & flags) == flags;
}

/* chattr +j: from then on data goes through the journal. */
static int case_journal_data(struct window *w)
{
	int ret = change_flags(w, w->fd, FS_JOURNAL_DATA_FL, 0);

	if (ret && errno == EOPNOTSUPP)
		return skipped(w, "no journalled data on this file system");
	if (!ret && !has_flags(w->fd, FS_JOURNAL_DATA_FL))
		return skipped(w, "no journal");
	if (ret)
		return ret;
	if (pending(w))
		ret = wrong(w, "a direct write is pending in a file with journalled data");
	if (!ret)
		ret = expect_read(w, w->fd, WRITTEN_AT);
	if (!ret && pwrite(w->fd, "changed", 7, WRITTEN_AT + 100) != 7)
		ret = broken(w, "pwrite");
	memcpy(w->data + 100, "changed", 7);
	if (change_flags(w, w->fd, 0, FS_JOURNAL_DATA_FL))
		return FAILED;
	return ret ? ret : expect_read(w, w->direct_fd, WRITTEN_AT);
}

/* chattr +i: nothing of the file changes from then on. */
static int case_immutable(struct window *w)
{
	int ret = change_flags(w, w->fd, FS_IMMUTABLE_FL, 0);

	if (ret)
		return ret;
	if (pending(w))
		ret = wrong(w, "a write is pending in an immutable file");
	if (!ret)
		ret = expect_read(w, w->fd, WRITTEN_AT);
	if (change_flags(w, w->fd, 0, FS_IMMUTABLE_FL))
		return FAILED;
	return ret;
}

/* Written blocks few enough for the inode's direct pointers. */
#define MIGRATED_BLOCKS 2
#define MIGRATED_BYTES (MIGRATED_BLOCKS * BLOCK)

/* Can any file be changed to block pointers here? */
static int can_migrate(struct window *w)
{
	int fd = open_beside(w, "control", 0), ret;

	if (fd < 0 || pwrite(fd, w->data, MIGRATED_BYTES, 0) != MIGRATED_BYTES || fsync(fd))
		return broken(w, "control");
	ret = change_flags(w, fd, 0, EXT4_EXTENTS_FL);
	if (ret && errno == EOPNOTSUPP)
		ret = skipped(w, "no block pointers on this file system");
	close(fd);
	return ret;
}

/* chattr -e, and back by EXT4_IOC_MIGRATE: extents, as they are, to pointers. */
static int case_migrate(struct window *w)
{
	int ret = can_migrate(w);

	if (!ret)
		ret = open_file(w, MIGRATED_BYTES);
	if (!ret)
		ret = write_data(w, 0, MIGRATED_BLOCKS);
	if (!ret)
		ret = expect_pending(w, MIGRATED_BLOCKS);
	if (!ret)
		ret = change_flags(w, w->fd, 0, EXT4_EXTENTS_FL);
	for (int back = 0; !ret && back < 2; back++) {
		if (back && ioctl(w->fd, EXT4_IOC_MIGRATE))
			return broken(w, "EXT4_IOC_MIGRATE");
		if (pread(w->fd, w->buffer, MIGRATED_BYTES, 0) != MIGRATED_BYTES)
			return broken(w, "pread");
		if (memcmp(w->buffer, w->data, MIGRATED_BYTES))
			return wrong(w, "wrong data %s", back ? "in extents again" :
								"in block pointers");
	}
	return ret;
}

/* ---- fs-verity ---- */

/* What is hashed must be what was written: else every later read fails. */
static int case_verity(struct window *w)
{
	struct fsverity_enable_arg arg = { .version = 1,
					   .hash_algorithm = FS_VERITY_HASH_ALG_SHA256 };
	int block_size;

	if (ioctl(w->fd, FIGETBSZ, &block_size))
		return broken(w, "FIGETBSZ");
	arg.block_size = block_size;
	/* Nobody may have it open for writing. */
	close_file(w);
	w->fd = open(w->path, O_RDONLY);
	if (w->fd < 0)
		return broken(w, "open");
	if (ioctl(w->fd, FS_IOC_ENABLE_VERITY, &arg)) {
		if (errno == EOPNOTSUPP)
			return skipped(w, "the file system is made without verity");
		return broken(w, "FS_IOC_ENABLE_VERITY");
	}
	if (pending(w))
		return wrong(w, "still pending");
	return expect_read(w, w->fd, WRITTEN_AT);
}

const struct window_case ioctl_cases[] = {
	CASE(move_extent, "wait_move_extent"),
	CASE(move_extent_donor, ""),
	CASE(swap_boot, "wait_swap_boot"),
	CASE(journal_data, "wait_journal_flag"),
	CASE(immutable, "wait_immutable"),
	CASE_NEEDS(migrate, "wait_migrate", NEEDS_NOTHING),
	CASE(verity, "wait_verity+read"),
	{ 0 },
};
