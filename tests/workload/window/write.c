// SPDX-License-Identifier: GPL-2.0
/* Writing in the window, beside the pending blocks and over them. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libaio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "window.h"

/* First what others see now, then what is on the device. */
static int expect_everywhere(struct window *w)
{
	int ret = expect_read(w, w->fd, WRITTEN_AT);

	if (ret)
		return ret;
	if (fsync(w->fd))
		return broken(w, "fsync");
	if (posix_fadvise(w->fd, 0, 0, POSIX_FADV_DONTNEED))
		return wrong(w, "fadvise failed");
	return expect_read(w, w->direct_fd, WRITTEN_AT);
}

static int expect_changed(struct window *w)
{
	memcpy(w->data + 100, "changed", 7);
	return expect_everywhere(w);
}

/* ---- over them ---- */

static int case_buffered_write(struct window *w)
{
	if (pwrite(w->fd, "changed", 7, WRITTEN_AT + 100) != 7)
		return broken(w, "pwrite");
	return expect_changed(w);
}

static int case_mmap_write(struct window *w)
{
	char *map = mmap(NULL, WRITTEN_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd,
			 WRITTEN_AT);

	if (map == MAP_FAILED)
		return broken(w, "mmap");
	memcpy(map + 100, "changed", 7);
	munmap(map, WRITTEN_BYTES);
	return expect_changed(w);
}

static int case_premapped_write(struct window *w)
{
	memcpy(w->premapped + WRITTEN_AT + 100, "changed", 7);
	return expect_changed(w);
}

static int case_overwritten(struct window *w)
{
	memset(w->data, 'o', WRITTEN_BYTES);
	memcpy(w->buffer, w->data, WRITTEN_BYTES);
	if (pwrite(w->direct_fd, w->buffer, WRITTEN_BYTES, WRITTEN_AT) != WRITTEN_BYTES)
		return broken(w, "pwrite");
	return expect_everywhere(w);
}

/* Listed a second time, while it is. */
static int case_written_again(struct window *w)
{
	int ret;

	memset(w->data, 'g', WRITTEN_BYTES);
	ret = write_data(w, WRITTEN_AT, COUNT);
	return ret ? ret : expect_everywhere(w);
}

/* It may fail, but it may not wait; what it has written is there. */
static int case_nowait_write(struct window *w)
{
	struct iovec iov = { w->buffer, BLOCK };
	ssize_t wrote;

	memset(w->buffer, 'n', BLOCK);
	wrote = pwritev2(w->direct_fd, &iov, 1, WRITTEN_AT, RWF_NOWAIT);
	if (wrote < 0 && errno != EAGAIN)
		return broken(w, "pwritev2");
	if (expect_pending(w, COUNT))
		return FAILED;
	if (wrote > 0)
		memset(w->data, 'n', wrote);
	return expect_everywhere(w);
}

/* The rest of its block is zeroed if the block looks unwritten. */
static int case_unaligned_direct_write(struct window *w)
{
	memset(w->buffer, 'u', 512);
	if (pwrite(w->direct_fd, w->buffer, 512, WRITTEN_AT + 1024) != 512) {
		if (errno == EINVAL)
			return skipped(w, "the device has 4 KiB sectors");
		return broken(w, "pwrite");
	}
	memset(w->data + 1024, 'u', 512);
	return expect_everywhere(w);
}

/* ---- beside them ---- */

static int write_back(struct window *w)
{
	if (sync_file_range(w->fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			    SYNC_FILE_RANGE_WAIT_AFTER))
		return broken(w, "sync_file_range");
	return expect_read(w, w->direct_fd, WRITTEN_AT);
}

static int case_writeback_beside(struct window *w)
{
	if (pwrite(w->fd, "before", 6, WRITTEN_AT - BLOCK) != 6 ||
	    pwrite(w->fd, "behind", 6, WRITTEN_AT + WRITTEN_BYTES) != 6)
		return broken(w, "pwrite");
	return write_back(w);
}

/*
 * After writes to a file with dirty pages: threads of io_uring write one block after
 * the other, and each looks for dirty pages first, which converts those before it.
 */
static int expect_some_pending(struct window *w)
{
	return expect_pending(w, w->uring ? 1 : COUNT);
}

/*
 * Pages of the same short unwritten extent were dirty before: to write them back
 * may zero out the whole extent.
 */
static int case_writeback_zeroes_out(struct window *w)
{
	int ret = open_file(w, WRITTEN_AT + WRITTEN_BYTES + BLOCK);

	if (ret)
		return ret;
	if (pwrite(w->fd, "before", 6, WRITTEN_AT - BLOCK) != 6)
		return broken(w, "pwrite");
	ret = write_data(w, WRITTEN_AT, COUNT);
	if (!ret && !pending(w))
		ret = skipped(w, "without delayed allocation nothing is left unwritten");
	if (!ret)
		ret = expect_some_pending(w);
	return ret ? ret : write_back(w);
}

/*
 * A commit of the journal, which another file's fsync asks for, writes this file's
 * dirty pages back. It must not wait for conversions, which need the next
 * transaction.
 */
static int case_commit_beside(struct window *w)
{
	int fd = open_beside(w, "other", 0), ret;

	if (fd < 0)
		return broken(w, "open");
	ret = open_file(w, FILE_BYTES);
	if (!ret && pwrite(w->fd, "before", 6, WRITTEN_AT - BLOCK) != 6)
		ret = broken(w, "pwrite");
	if (!ret)
		ret = write_data(w, WRITTEN_AT, COUNT);
	if (!ret && (pwrite(fd, "x", 1, 0) != 1 || fsync(fd)))
		ret = broken(w, "fsync of another file");
	if (!ret)
		ret = expect_some_pending(w);
	close(fd);
	return ret ? ret : expect_everywhere(w);
}

static int case_extending_write(struct window *w)
{
	memset(w->buffer, 'e', BLOCK);
	if (pwrite(w->direct_fd, w->buffer, BLOCK, FILE_BYTES) != BLOCK)
		return broken(w, "pwrite");
	return expect_everywhere(w);
}

/* ---- writes that must not be put off ---- */

/* One write, at once converted; it is the only one, since others may be flushed. */
static int expect_not_listed(struct window *w, off_t at)
{
	int ret = write_data(w, at, 1);

	if (!ret && pending(w))
		ret = wrong(w, "it is listed");
	return ret;
}

static int case_extending_async_write(struct window *w)
{
	int ret = open_file(w, FILE_BYTES);

	return ret ? ret : expect_not_listed(w, FILE_BYTES);
}

/* Blocks are there, behind the end of the file: as extending as any. */
static int case_write_behind_end(struct window *w)
{
	int ret = open_file(w, FILE_BYTES);

	if (!ret && fallocate(w->fd, FALLOC_FL_KEEP_SIZE, FILE_BYTES, FILE_BYTES))
		ret = broken(w, "fallocate");
	return ret ? ret : expect_not_listed(w, FILE_BYTES + BLOCK);
}

static int case_unaligned_async_write(struct window *w)
{
	struct iocb one, *list = &one;
	struct io_event event;
	io_context_t ctx = NULL;
	int ret = open_file(w, FILE_BYTES);

	if (ret)
		return ret;
	if (io_setup(1, &ctx))
		return wrong(w, "io_setup failed");
	io_prep_pwrite(&one, w->direct_fd, w->data, 512, FILE_BYTES / 2 + 512);
	if (io_submit(ctx, 1, &list) != 1 || io_getevents(ctx, 1, 1, &event, NULL) != 1)
		return wrong(w, "libaio failed");
	io_destroy(ctx);
	if ((long)event.res == -EINVAL)
		return skipped(w, "the device has 4 KiB sectors");
	if (event.res != 512)
		return wrong(w, "the write failed");
	return pending(w) ? wrong(w, "it is listed") : 0;
}

static int case_synchronous_write(struct window *w)
{
	int ret = open_file(w, FILE_BYTES);

	if (!ret && pwrite(w->direct_fd, w->buffer, BLOCK, FILE_BYTES / 2) != BLOCK)
		ret = broken(w, "pwrite");
	if (!ret && pending(w))
		ret = wrong(w, "it is listed");
	return ret;
}

/* Half of its buffer is not there: what was written counts, and nothing leaks. */
static int case_bad_buffer(struct window *w)
{
	char *map = mmap(NULL, 2 * BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	struct iocb one, *list = &one;
	struct io_event event;
	io_context_t ctx = NULL;
	ssize_t wrote;
	int ret;

	if (map == MAP_FAILED || mprotect(map + BLOCK, BLOCK, PROT_NONE) || io_setup(1, &ctx))
		return broken(w, "setup");
	memset(map, 'b', BLOCK);
	io_prep_pwrite(&one, w->direct_fd, map, 2 * BLOCK, WRITTEN_AT + WRITTEN_BYTES);
	ret = io_submit(ctx, 1, &list);
	if (ret == 1 && io_getevents(ctx, 1, 1, &event, NULL) == 1)
		ret = (long)event.res;
	io_destroy(ctx);
	wrote = ret > 0 ? ret : 0;
	if (wrote > BLOCK)
		return wrong(w, "wrote %zd bytes of %d", wrote, BLOCK);
	ret = expect_zeros(w, w->fd, WRITTEN_AT + WRITTEN_BYTES + wrote, 2 * BLOCK - wrote);
	munmap(map, 2 * BLOCK);
	return ret ? ret : expect_everywhere(w);
}

const struct window_case write_cases[] = {
	CASE(buffered_write, "wait_buffered"),
	CASE(mmap_write, "fault+mkwrite"),
	CASE(premapped_write, "fault+mkwrite"),
	CASE(overwritten, ""),
	CASE(written_again, ""),
	CASE(nowait_write, ""),
	CASE(unaligned_direct_write, "wait_unaligned"),
	CASE(writeback_beside, ""),
	CASE_NEEDS(writeback_zeroes_out, "writeback+split+zeroout", NEEDS_NOTHING),
	CASE_NEEDS(commit_beside, "", NEEDS_NOTHING),
	CASE(extending_write, ""),
	CASE_NEEDS(extending_async_write, "", NEEDS_NOTHING),
	CASE_NEEDS(write_behind_end, "", NEEDS_NOTHING),
	CASE_NEEDS(unaligned_async_write, "defer_align", NEEDS_NOTHING),
	CASE_NEEDS(synchronous_write, "defer_sync", NEEDS_NOTHING),
	CASE(bad_buffer, ""),
	{ 0 },
};
