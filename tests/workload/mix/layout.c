// SPDX-License-Identifier: GPL-2.0
/* Changing the size and the blocks of the file, and its name. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mix.h"

static int op_truncate(struct mix *m)
{
	off_t size = random_below(m, 4) ? random_below(m, MAX_BYTES) :
					  m->size / UNIT * UNIT;

	if (ftruncate(m->fd, size))
		return broken(m, "ftruncate");
	/* For the history: all that it has changed. */
	m->at = size < m->size ? size : m->size;
	m->bytes = MAX_BYTES - m->at;
	model_resize(m, size);
	return 0;
}

static int op_punch(struct mix *m)
{
	if (!random_range(m, random_below(m, 3) ? UNIT : 1, MAX_WRITE))
		return 0;
	if (fallocate(m->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, m->at, m->bytes))
		return broken(m, "punch hole");
	model_write(m, NULL);
	return 0;
}

static int op_zero(struct mix *m)
{
	random_extending_range(m, random_below(m, 3) ? UNIT : 1, 2 * MAX_WRITE);
	if (fallocate(m->fd, FALLOC_FL_ZERO_RANGE, m->at, m->bytes))
		return broken(m, "zero range");
	model_write(m, NULL);
	return 0;
}

/* New unwritten extents: what direct writes are to meet. */
static int op_allocate(struct mix *m)
{
	random_extending_range(m, UNIT, 8 * MAX_WRITE);
	if (fallocate(m->fd, 0, m->at, m->bytes))
		return broken(m, "fallocate");
	if (m->at + (off_t)m->bytes > m->size)
		model_resize(m, m->at + m->bytes);
	return 0;
}

/* Where blocks are clustered, they cannot be shifted one by one. */
static int op_collapse(struct mix *m)
{
	off_t end;

	if (!random_range(m, UNIT, MAX_WRITE))
		return 0;
	end = m->at + m->bytes;
	if (end >= m->size)
		return 0;
	if (fallocate(m->fd, FALLOC_FL_COLLAPSE_RANGE, m->at, m->bytes))
		return errno == EINVAL ? 0 : broken(m, "collapse range");
	memmove(m->model + m->at, m->model + end, m->size - end);
	memset(m->model + m->size - m->bytes, 0, m->bytes);
	m->size -= m->bytes;
	return 0;
}

static int op_insert(struct mix *m)
{
	if (!random_range(m, UNIT, MAX_WRITE) || m->size + m->bytes > MAX_BYTES)
		return 0;
	if (fallocate(m->fd, FALLOC_FL_INSERT_RANGE, m->at, m->bytes))
		return errno == EINVAL ? 0 : broken(m, "insert range");
	memmove(m->model + m->at + m->bytes, m->model + m->at, m->size - m->at);
	memset(m->model + m->at, 0, m->bytes);
	m->size += m->bytes;
	return 0;
}

static int op_fiemap(struct mix *m)
{
	struct {
		struct fiemap head;
		struct fiemap_extent extents[16];
	} map = { .head = { .fm_length = MAX_BYTES, .fm_extent_count = 16 } };

	return ioctl(m->fd, FS_IOC_FIEMAP, &map) ? broken(m, "FS_IOC_FIEMAP") : 0;
}

static int op_reopen(struct mix *m)
{
	if (wait_for_all(m))
		return 1;
	close_all(m);
	return open_all(m, 0);
}

static int op_rename(struct mix *m)
{
	char other[4200];

	snprintf(other, sizeof(other), "%s.renamed", m->path);
	return rename(m->path, other) || rename(other, m->path) ? broken(m, "rename") : 0;
}

/* The old file goes away with whatever is pending in it, open or not. */
static int op_replace(struct mix *m)
{
	struct mix old = *m;
	off_t size = m->size;

	if (wait_for_all(m))
		return 1;
	if (random_below(m, 2)) {
		close_all(m);
		old.map = NULL;
	}
	if (unlink(m->path) || open_all(m, O_CREAT | O_EXCL))
		return broken(m, "unlink");
	if (old.map)
		close_all(&old);
	model_resize(m, 0);
	if (fallocate(m->fd, 0, 0, size ? size : UNIT))
		return broken(m, "fallocate");
	model_resize(m, size ? size : UNIT);
	return 0;
}

const struct operation layout_operations[] = {
	{ "truncate", op_truncate, 2 },
	{ "punch hole", op_punch, 4 },
	{ "zero range", op_zero, 6 },
	{ "fallocate", op_allocate, 8 },
	{ "collapse range", op_collapse, 1 },
	{ "insert range", op_insert, 1 },
	{ "fiemap", op_fiemap, 2 },
	{ "reopen", op_reopen, 1 },
	{ "rename", op_rename, 1 },
	{ "unlink", op_replace, 1 },
	{ 0 },
};
