// SPDX-License-Identifier: GPL-2.0
/* Changing the layout of the file in the window: its size, its blocks. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "window.h"

/* ---- size ---- */

static int case_truncate_then_fallocate(struct window *w)
{
	if (ftruncate(w->fd, 0))
		return broken(w, "ftruncate");
	/* Now: fallocate() waits as well. */
	if (pending(w))
		return wrong(w, "still pending after truncate");
	if (fallocate(w->fd, 0, 0, FILE_BYTES))
		return broken(w, "fallocate");
	return expect_zeros(w, w->fd, WRITTEN_AT, WRITTEN_BYTES);
}

/* Down into a pending block, and up again. */
static int case_truncate_into(struct window *w)
{
	if (ftruncate(w->fd, WRITTEN_AT + 2 * BLOCK + 100))
		return broken(w, "ftruncate");
	if (pending(w))
		return wrong(w, "still pending after truncate");
	if (ftruncate(w->fd, FILE_BYTES))
		return broken(w, "ftruncate");
	if (fallocate(w->fd, 0, 0, FILE_BYTES))
		return broken(w, "fallocate");
	memset(w->data + 2 * BLOCK + 100, 0, 2 * BLOCK - 100);
	return expect_read(w, w->fd, WRITTEN_AT);
}

static int case_open_truncate(struct window *w)
{
	int fd = open(w->path, O_RDWR | O_TRUNC);

	if (fd < 0)
		return broken(w, "open");
	close(fd);
	if (pending(w))
		return wrong(w, "still pending after truncate");
	if (fallocate(w->fd, 0, 0, FILE_BYTES))
		return broken(w, "fallocate");
	return expect_zeros(w, w->fd, WRITTEN_AT, WRITTEN_BYTES);
}

/* The block at the old end is zeroed behind that; those before it are pending. */
static int case_truncate_up(struct window *w)
{
	int ret = open_file(w, WRITTEN_AT + WRITTEN_BYTES + 100);

	if (!ret)
		ret = write_data(w, WRITTEN_AT, COUNT);
	if (!ret)
		ret = expect_pending(w, COUNT);
	if (!ret && ftruncate(w->fd, FILE_BYTES))
		ret = broken(w, "ftruncate");
	if (!ret)
		ret = expect_zeros(w, w->fd, WRITTEN_AT + WRITTEN_BYTES, BLOCK);
	return ret ? ret : expect_read(w, w->fd, WRITTEN_AT);
}

/* ---- fallocate ---- */

static int case_punch_hole(struct window *w)
{
	if (fallocate(w->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, WRITTEN_AT,
		      WRITTEN_BYTES))
		return broken(w, "punch hole");
	if (fallocate(w->fd, 0, WRITTEN_AT, WRITTEN_BYTES))
		return broken(w, "fallocate");
	return expect_zeros(w, w->fd, WRITTEN_AT, WRITTEN_BYTES);
}

/* Less than a block: the rest of it is kept. */
static int case_punch_inside(struct window *w)
{
	if (fallocate(w->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, WRITTEN_AT + 100, 200))
		return broken(w, "punch hole");
	memset(w->data + 100, 0, 200);
	return expect_read(w, w->fd, WRITTEN_AT);
}

static int case_zero_range(struct window *w)
{
	if (fallocate(w->fd, FALLOC_FL_ZERO_RANGE, WRITTEN_AT, WRITTEN_BYTES))
		return broken(w, "zero range");
	return expect_zeros(w, w->fd, WRITTEN_AT, WRITTEN_BYTES);
}

static int case_zero_inside(struct window *w)
{
	if (fallocate(w->fd, FALLOC_FL_ZERO_RANGE, WRITTEN_AT + BLOCK + 100, BLOCK))
		return broken(w, "zero range");
	memset(w->data + BLOCK + 100, 0, BLOCK);
	return expect_read(w, w->fd, WRITTEN_AT);
}

static int case_fallocate_over(struct window *w)
{
	if (fallocate(w->fd, 0, 0, FILE_BYTES))
		return broken(w, "fallocate");
	return expect_read(w, w->fd, WRITTEN_AT);
}

static int shift(struct window *w, int mode, off_t at, off_t by)
{
	if (!fallocate(w->fd, mode, at, by))
		return 0;
	if (errno == EINVAL)
		return skipped(w, "the allocation unit is larger than a block");
	if (errno == EOPNOTSUPP)
		return skipped(w, "not in an encrypted file");
	return broken(w, mode == FALLOC_FL_COLLAPSE_RANGE ? "collapse range" : "insert range");
}

static int case_collapse_range(struct window *w)
{
	int ret = shift(w, FALLOC_FL_COLLAPSE_RANGE, 0, BLOCK);

	return ret ? ret : expect_read(w, w->fd, WRITTEN_AT - BLOCK);
}

static int case_insert_range(struct window *w)
{
	int ret = shift(w, FALLOC_FL_INSERT_RANGE, 0, BLOCK);

	return ret ? ret : expect_read(w, w->fd, WRITTEN_AT + BLOCK);
}

/* Pending blocks are what is taken away. */
static int case_collapse_pending(struct window *w)
{
	int ret = shift(w, FALLOC_FL_COLLAPSE_RANGE, WRITTEN_AT, 2 * BLOCK);

	if (ret)
		return ret;
	memcpy(w->data, w->data + 2 * BLOCK, 2 * BLOCK);
	memset(w->data + 2 * BLOCK, 0, 2 * BLOCK);
	return expect_read(w, w->fd, WRITTEN_AT);
}

static int case_madvise_remove(struct window *w)
{
	if (madvise(w->premapped + WRITTEN_AT, BLOCK, MADV_REMOVE))
		return broken(w, "MADV_REMOVE");
	memset(w->data, 0, BLOCK);
	return expect_read(w, w->fd, WRITTEN_AT);
}

const struct window_case layout_cases[] = {
	CASE(truncate_then_fallocate, "wait_truncate"),
	CASE(truncate_into, "wait_truncate"),
	CASE(open_truncate, "wait_truncate"),
	CASE_NEEDS(truncate_up, "", NEEDS_NOTHING),
	CASE(punch_hole, "wait_fallocate"),
	CASE(punch_inside, "wait_fallocate"),
	CASE(zero_range, "wait_fallocate"),
	CASE(zero_inside, "wait_fallocate"),
	CASE(fallocate_over, ""),
	CASE(collapse_range, "wait_fallocate"),
	CASE(collapse_pending, "wait_fallocate"),
	CASE(insert_range, "wait_fallocate"),
	CASE(madvise_remove, "wait_fallocate"),
	{ 0 },
};
