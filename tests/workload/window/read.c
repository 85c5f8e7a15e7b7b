// SPDX-License-Identifier: GPL-2.0
/* Reading in the window. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "window.h"

static int case_buffered_read(struct window *w)
{
	return expect_read(w, w->fd, WRITTEN_AT);
}

static int case_direct_read(struct window *w)
{
	return expect_read(w, w->direct_fd, WRITTEN_AT);
}

static int case_closed_and_reopened(struct window *w)
{
	close_file(w);
	w->fd = open(w->path, O_RDWR);
	if (w->fd < 0)
		return broken(w, "open");
	return expect_read(w, w->fd, WRITTEN_AT);
}

/* One read that begins before the range and ends behind it. */
static int case_read_across(struct window *w)
{
	static char around[WRITTEN_BYTES + 2 * BLOCK];
	static const char zeros[BLOCK];

	if (pread(w->fd, around, sizeof(around), WRITTEN_AT - BLOCK) != sizeof(around))
		return broken(w, "pread");
	if (memcmp(around, zeros, BLOCK) ||
	    memcmp(around + sizeof(around) - BLOCK, zeros, BLOCK))
		return wrong(w, "no zeros beside the data");
	return expect_data(w, around + BLOCK);
}

/* It may not wait, and so may not convert. */
static int expect_not_waited(struct window *w, ssize_t got)
{
	if (got < 0 && errno != EAGAIN)
		return broken(w, "preadv2");
	if (got > 0 && memcmp(w->buffer, w->data, got))
		return wrong(w, "wrong data");
	return pending(w) < COUNT ? wrong(w, "it has waited for a conversion") : 0;
}

static int case_nowait_read(struct window *w)
{
	struct iovec iov = { w->buffer, WRITTEN_BYTES };

	return expect_not_waited(w, preadv2(w->fd, &iov, 1, WRITTEN_AT, RWF_NOWAIT));
}

static int case_nowait_direct_read(struct window *w)
{
	struct iovec iov = { w->buffer, WRITTEN_BYTES };

	return expect_not_waited(w, preadv2(w->direct_fd, &iov, 1, WRITTEN_AT, RWF_NOWAIT));
}

/* io_uring tries without waiting first, and then lets a thread wait. */
static int uring_read(struct window *w, int fd)
{
	struct io_uring_cqe *cqe;
	struct io_uring ring;
	int ret;

	if (io_uring_queue_init(1, &ring, 0))
		return wrong(w, "io_uring_queue_init failed");
	io_uring_prep_read(io_uring_get_sqe(&ring), fd, w->buffer, WRITTEN_BYTES, WRITTEN_AT);
	io_uring_submit(&ring);
	ret = io_uring_wait_cqe(&ring, &cqe);
	if (!ret && cqe->res != WRITTEN_BYTES)
		ret = cqe->res < 0 ? cqe->res : -EIO;
	io_uring_queue_exit(&ring);
	errno = -ret;
	return ret ? broken(w, "io_uring") : expect_data(w, w->buffer);
}

static int case_uring_buffered_read(struct window *w)
{
	return uring_read(w, w->fd);
}

static int case_uring_direct_read(struct window *w)
{
	return uring_read(w, w->direct_fd);
}

/* ---- through a mapping ---- */

static int expect_mapped(struct window *w, int flags)
{
	char *map = mmap(NULL, WRITTEN_BYTES, PROT_READ, flags, w->fd, WRITTEN_AT);
	int ret;

	if (map == MAP_FAILED)
		return broken(w, "mmap");
	ret = expect_data(w, map);
	munmap(map, WRITTEN_BYTES);
	return ret;
}

static int case_mmap_read(struct window *w)
{
	return expect_mapped(w, MAP_SHARED);
}

static int case_mmap_private_read(struct window *w)
{
	return expect_mapped(w, MAP_PRIVATE);
}

static int case_premapped_read(struct window *w)
{
	return expect_data(w, w->premapped + WRITTEN_AT);
}

static int case_populate(struct window *w)
{
	return expect_mapped(w, MAP_SHARED | MAP_POPULATE);
}

/* The copy that a private write makes is of the data. */
static int case_copy_on_write(struct window *w)
{
	char *map = mmap(NULL, WRITTEN_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE, w->fd,
			 WRITTEN_AT);
	int ret;

	if (map == MAP_FAILED)
		return broken(w, "mmap");
	map[0] = w->data[0] = 'c';
	ret = expect_data(w, map);
	munmap(map, WRITTEN_BYTES);
	return ret;
}

/* The kernel itself faults: the mapping is what it writes to another file. */
static int case_mapping_as_buffer(struct window *w)
{
	int fd = open_beside(w, "copy", 0), ret;

	if (fd < 0)
		return broken(w, "open");
	if (write(fd, w->premapped + WRITTEN_AT, WRITTEN_BYTES) != WRITTEN_BYTES)
		ret = broken(w, "write");
	else
		ret = expect_read(w, fd, 0);
	close(fd);
	return ret;
}

/* A mapping whose first 16 pages one fault may map: the kernel aligns to that. */
static char *map_aligned(struct window *w)
{
	const size_t around = 16 * BLOCK;
	char *place = mmap(NULL, FILE_BYTES + around, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (place == MAP_FAILED)
		return MAP_FAILED;
	place += around - ((uintptr_t)place & (around - 1));
	return mmap(place, FILE_BYTES, PROT_READ, MAP_SHARED | MAP_FIXED, w->fd, 0);
}

/*
 * Zeros were read ahead into the range; a fault on the page before it may not map
 * them on the way.
 */
static int case_fault_around(struct window *w)
{
	char *map = map_aligned(w);

	if (map == MAP_FAILED)
		return broken(w, "mmap");
	if (posix_fadvise(w->fd, WRITTEN_AT, WRITTEN_BYTES, POSIX_FADV_WILLNEED))
		return wrong(w, "fadvise failed");
	usleep(50000);
	if (((volatile char *)map)[WRITTEN_AT - BLOCK])
		return wrong(w, "no zeros before the data");
	if (expect_pending(w, COUNT))
		return FAILED;
	return expect_data(w, map + WRITTEN_AT);
}

/* ---- round read_iter ---- */

static int drain_pipe(struct window *w, int fd, ssize_t n, size_t *done)
{
	while (n > 0) {
		ssize_t got = read(fd, w->buffer + *done, n);

		if (got <= 0)
			return broken(w, "read");
		*done += got;
		n -= got;
	}
	return 0;
}

static int case_splice(struct window *w)
{
	loff_t at = WRITTEN_AT;
	size_t done = 0;
	int ends[2], ret = 0;

	if (pipe(ends))
		return broken(w, "pipe");
	while (!ret && done < WRITTEN_BYTES) {
		ssize_t n = splice(w->fd, &at, ends[1], NULL, WRITTEN_BYTES - done, 0);

		ret = n > 0 ? drain_pipe(w, ends[0], n, &done) : broken(w, "splice");
	}
	close(ends[0]);
	close(ends[1]);
	return ret ? ret : expect_data(w, w->buffer);
}

static int case_sendfile(struct window *w)
{
	off_t at = WRITTEN_AT;
	int fd = open_beside(w, "copy", 0), ret;

	if (fd < 0)
		return broken(w, "open");
	if (sendfile(fd, w->fd, &at, WRITTEN_BYTES) != WRITTEN_BYTES)
		ret = broken(w, "sendfile");
	else
		ret = expect_read(w, fd, 0);
	close(fd);
	return ret;
}

static int case_copy_file_range(struct window *w)
{
	off_t from = WRITTEN_AT, to = 0;
	int fd = open_beside(w, "copy", 0), ret;

	if (fd < 0)
		return broken(w, "open");
	if (copy_file_range(w->fd, &from, fd, &to, WRITTEN_BYTES, 0) != WRITTEN_BYTES)
		ret = broken(w, "copy_file_range");
	else
		ret = expect_read(w, fd, 0);
	close(fd);
	return ret;
}

/* Zeros that are read ahead in the window must be gone when it is over. */
static int case_readahead(struct window *w)
{
	if (posix_fadvise(w->fd, 0, FILE_BYTES, POSIX_FADV_WILLNEED))
		return wrong(w, "fadvise failed");
	if (readahead(w->fd, 0, FILE_BYTES))
		return broken(w, "readahead");
	usleep(50000);
	return expect_read(w, w->fd, WRITTEN_AT);
}

/* The same by a read of blocks that are not pending. */
static int case_read_before(struct window *w)
{
	char byte;

	close_mapping(w);
	if (posix_fadvise(w->fd, 0, 0, POSIX_FADV_DONTNEED))
		return wrong(w, "fadvise failed");
	for (off_t at = 0; at < WRITTEN_AT; at += BLOCK)
		if (pread(w->fd, &byte, 1, at) != 1)
			return broken(w, "pread");
	usleep(50000);
	return expect_read(w, w->fd, WRITTEN_AT);
}

/* ---- the kernel reads for itself ---- */

/* exec: the first bytes of a program are read by kernel_read(). */
static int case_exec(struct window *w)
{
	static const char script[] = "#!/bin/true\n";
	int status = -1, ret;
	pid_t pid;

	ret = open_file(w, BLOCK);
	if (ret)
		return ret;
	memset(w->data, '\n', BLOCK);
	memcpy(w->data, script, sizeof(script) - 1);
	ret = write_data(w, 0, 1);
	if (!ret)
		ret = expect_pending(w, 1);
	if (ret)
		return ret;
	if (fchmod(w->fd, 0700))
		return broken(w, "fchmod");
	/* No program can be open for writing. */
	close_file(w);
	pid = fork();
	if (!pid) {
		execl(w->path, w->path, NULL);
		_exit(errno == ENOEXEC ? 8 : 9);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return broken(w, "fork");
	return status ? wrong(w, "exec has read zeros: status %x", status) : 0;
}

/* swapon: the header is read into the page cache by read_mapping_page(). */
static int case_swapon(struct window *w)
{
	static const char magic[] = "SWAPSPACE2";
	uint32_t header[3] = { 1, FILE_BLOCKS - 1, 0 };
	int ret = open_file(w, FILE_BYTES);

	if (ret)
		return ret;
	memset(w->data, 0, BLOCK);
	memcpy(w->data + 1024, header, sizeof(header));
	memcpy(w->data + BLOCK - sizeof(magic) + 1, magic, sizeof(magic) - 1);
	ret = write_data(w, 0, 1);
	if (!ret)
		ret = expect_pending(w, 1);
	if (ret)
		return ret;
	close_mapping(w);
	if (posix_fadvise(w->fd, 0, 0, POSIX_FADV_DONTNEED))
		return wrong(w, "fadvise failed");
	if (!swapon(w->path, 0))
		return swapoff(w->path) ? broken(w, "swapoff") : 0;
	broken(w, "swapon");
	/* Would it work on a file that nothing is pending in? */
	if (syncfs(w->fd) || posix_fadvise(w->fd, 0, 0, POSIX_FADV_DONTNEED))
		return broken(w, "syncfs");
	if (swapon(w->path, 0))
		return skipped(w, "no swap file on such a file system");
	swapoff(w->path);
	return FAILED;
}

const struct window_case read_cases[] = {
	CASE(buffered_read, "read"),
	CASE(direct_read, "read"),
	CASE(closed_and_reopened, "read"),
	CASE(read_across, "read"),
	CASE(nowait_read, "read_nowait"),
	CASE(nowait_direct_read, "read_nowait"),
	CASE(uring_buffered_read, "read"),
	CASE(uring_direct_read, "read"),
	CASE(mmap_read, "fault"),
	CASE(mmap_private_read, "fault"),
	CASE(premapped_read, "fault"),
	CASE(populate, "fault"),
	CASE(copy_on_write, "fault"),
	CASE(mapping_as_buffer, "fault"),
	CASE(fault_around, "map_pages"),
	CASE(splice, "splice"),
	CASE(sendfile, "splice"),
	CASE(copy_file_range, "splice"),
	CASE(readahead, "invalidate"),
	CASE(read_before, "invalidate"),
	CASE_NEEDS(exec, "read", NEEDS_NOTHING),
	CASE_NEEDS(swapon, "read_folio", NEEDS_NOTHING),
	{ 0 },
};
