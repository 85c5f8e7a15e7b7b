// SPDX-License-Identifier: GPL-2.0
/* Reading and writing in all the other ways, and promises. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include "mix.h"

static int op_buffered_write(struct mix *m)
{
	random_extending_range(m, 1, MAX_WRITE);
	fill(m, m->buffer);
	if (pwrite(m->fd, m->buffer, m->bytes, m->at) != (ssize_t)m->bytes)
		return broken(m, "pwrite");
	model_write(m, m->buffer);
	return 0;
}

static int op_direct_write(struct mix *m)
{
	int ret;

	random_extending_range(m, UNIT, MAX_WRITE);
	ret = wait_for_range(m, m->at, m->bytes);
	if (ret)
		return ret;
	fill(m, m->buffer);
	if (pwrite(m->direct_fd, m->buffer, m->bytes, m->at) != (ssize_t)m->bytes)
		return broken(m, "pwrite");
	model_write(m, m->buffer);
	return 0;
}

/* Part of a block: where a device has large sectors, it is refused. */
static int op_unaligned_direct_write(struct mix *m)
{
	int ret;

	random_extending_range(m, 512, UNIT);
	ret = wait_for_range(m, m->at & ~(off_t)(UNIT - 1), m->bytes + 2 * UNIT);
	if (ret)
		return ret;
	fill(m, m->buffer);
	if (pwrite(m->direct_fd, m->buffer, m->bytes, m->at) != (ssize_t)m->bytes)
		return errno == EINVAL ? 0 : broken(m, "pwrite");
	model_write(m, m->buffer);
	return 0;
}

static int read_and_compare(struct mix *m, int fd, size_t unit)
{
	int ret;

	if (!random_range(m, unit, MAX_WRITE))
		return 0;
	ret = wait_for_range(m, m->at, m->bytes);
	if (ret)
		return ret;
	if (pread(fd, m->buffer, m->bytes, m->at) != (ssize_t)m->bytes)
		return broken(m, "pread");
	return expect(m, m->buffer, m->at, m->bytes);
}

static int op_buffered_read(struct mix *m)
{
	return read_and_compare(m, m->fd, 1);
}

static int op_direct_read(struct mix *m)
{
	return read_and_compare(m, m->direct_fd, UNIT);
}

static int op_mapped_read(struct mix *m)
{
	int ret;

	if (!random_range(m, 1, MAX_WRITE))
		return 0;
	ret = wait_for_range(m, m->at, m->bytes);
	return ret ? ret : expect(m, m->map + m->at, m->at, m->bytes);
}

/* Whole pages are dirtied: nothing may be in flight in them. */
static int op_mapped_write(struct mix *m)
{
	int ret;

	if (!random_range(m, 1, MAX_WRITE))
		return 0;
	ret = wait_for_range(m, m->at & ~(off_t)(UNIT - 1), m->bytes + 2 * UNIT);
	if (ret)
		return ret;
	fill(m, m->map + m->at);
	model_write(m, m->map + m->at);
	return 0;
}

static int op_splice(struct mix *m)
{
	off_t at;
	int fd, ret;

	if (!random_range(m, 1, MAX_WRITE))
		return 0;
	ret = wait_for_range(m, m->at, m->bytes);
	if (ret)
		return ret;
	fd = memfd_create("mix", 0);
	at = m->at;
	if (fd < 0 || sendfile(fd, m->fd, &at, m->bytes) != (ssize_t)m->bytes ||
	    pread(fd, m->buffer, m->bytes, 0) != (ssize_t)m->bytes)
		ret = broken(m, "sendfile");
	else
		ret = expect(m, m->buffer, m->at, m->bytes);
	close(fd);
	return ret;
}

/* What is not zeros is data: the first that is found begins there, or before. */
static int op_seek(struct mix *m)
{
	off_t first, found;

	if (!random_range(m, UNIT, UNIT))
		return 0;
	if (wait_for_range(m, m->at, m->bytes))
		return 1;
	for (first = m->at; first < m->at + UNIT && !m->model[first]; first++)
		;
	if (first == m->at + UNIT)
		return 0;
	found = lseek(m->fd, m->at, SEEK_DATA);
	if (found < m->at || found > first)
		return complain(m, "SEEK_DATA finds %lld, data is at %lld", (long long)found,
				(long long)first);
	return 0;
}

static int op_all(struct mix *m)
{
	int ret = wait_for_all(m);

	for (m->at = 0; !ret && m->at < m->size; m->at += m->bytes) {
		m->bytes = m->size - m->at < MAX_WRITE ? m->size - m->at : MAX_WRITE;
		if (pread(m->fd, m->buffer, m->bytes, m->at) != (ssize_t)m->bytes)
			return broken(m, "pread");
		ret = expect(m, m->buffer, m->at, m->bytes);
	}
	return ret;
}

static int op_fsync(struct mix *m)
{
	int ret = random_below(m, 2) ? fsync(m->fd) : fdatasync(m->direct_fd);

	return ret ? broken(m, "fsync") : 0;
}

static int op_msync(struct mix *m)
{
	return msync(m->map, MAX_BYTES, MS_SYNC) ? broken(m, "msync") : 0;
}

static int op_sync_range(struct mix *m)
{
	if (!random_range(m, UNIT, MAX_WRITE))
		return 0;
	if (sync_file_range(m->fd, m->at, m->bytes, SYNC_FILE_RANGE_WRITE))
		return broken(m, "sync_file_range");
	return 0;
}

static int op_advise(struct mix *m)
{
	static const int advice[] = { POSIX_FADV_WILLNEED, POSIX_FADV_DONTNEED };

	if (!random_range(m, UNIT, 4 * MAX_WRITE))
		return 0;
	posix_fadvise(m->fd, m->at, m->bytes, advice[random_below(m, 2)]);
	return 0;
}

const struct operation io_operations[] = {
	{ "buffered write", op_buffered_write, 8 },
	{ "direct write", op_direct_write, 4 },
	{ "unaligned direct write", op_unaligned_direct_write, 2 },
	{ "buffered read", op_buffered_read, 12 },
	{ "direct read", op_direct_read, 6 },
	{ "mapped read", op_mapped_read, 10 },
	{ "mapped write", op_mapped_write, 6 },
	{ "sendfile", op_splice, 3 },
	{ "SEEK_DATA", op_seek, 6 },
	{ "read all", op_all, 1 },
	{ "fsync", op_fsync, 4 },
	{ "msync", op_msync, 1 },
	{ "sync_file_range", op_sync_range, 3 },
	{ "fadvise", op_advise, 6 },
	{ 0 },
};
