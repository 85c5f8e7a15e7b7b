// SPDX-License-Identifier: GPL-2.0
/* What was promised is converted when the call returns. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "window.h"

#ifndef RWF_ATOMIC
#define RWF_ATOMIC 0x40
#endif

static int expect_none_pending(struct window *w, int ret, const char *call)
{
	if (ret)
		return broken(w, call);
	return pending(w) ? wrong(w, "still pending") : expect_read(w, w->direct_fd, WRITTEN_AT);
}

static int case_fsync(struct window *w)
{
	return expect_none_pending(w, fsync(w->fd), "fsync");
}

static int case_fdatasync(struct window *w)
{
	return expect_none_pending(w, fdatasync(w->direct_fd), "fdatasync");
}

static int case_msync(struct window *w)
{
	return expect_none_pending(w, msync(w->premapped, w->mapped, MS_SYNC), "msync");
}

static int case_syncfs(struct window *w)
{
	return expect_none_pending(w, syncfs(w->fd), "syncfs");
}

static int case_sync(struct window *w)
{
	sync();
	return expect_none_pending(w, 0, "sync");
}

/* It promises nothing; it must not break anything either. */
static int case_sync_file_range(struct window *w)
{
	if (sync_file_range(w->fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			    SYNC_FILE_RANGE_WAIT_AFTER))
		return broken(w, "sync_file_range");
	return expect_read(w, w->direct_fd, WRITTEN_AT);
}

/*
 * A write whose completion is the promise: when it is complete, it is not on the
 * list. (If it were, its fsync would still take it off: no guard of its own.)
 */
static int promised(struct window *w, int fd, int rwf)
{
	int ret = start_writes(w, fd, FILE_BYTES / 2, 1, rwf);

	if (!ret)
		ret = finish_writes(w);
	if (!ret && pending(w))
		ret = wrong(w, "it is listed");
	return ret;
}

static int promised_by_open(struct window *w, int flag)
{
	int fd, ret = open_file(w, FILE_BYTES);

	if (ret)
		return ret;
	fd = open(w->path, O_RDWR | O_DIRECT | flag);
	if (fd < 0)
		return broken(w, "open");
	ret = promised(w, fd, 0);
	close(fd);
	return ret;
}

static int case_o_dsync(struct window *w)
{
	return promised_by_open(w, O_DSYNC);
}

static int case_o_sync(struct window *w)
{
	return promised_by_open(w, O_SYNC);
}

static int case_rwf_dsync(struct window *w)
{
	int ret = open_file(w, FILE_BYTES);

	return ret ? ret : promised(w, w->direct_fd, RWF_DSYNC);
}

static int case_rwf_sync(struct window *w)
{
	int ret = open_file(w, FILE_BYTES);

	return ret ? ret : promised(w, w->direct_fd, RWF_SYNC);
}

/* chattr +S */
static int case_sync_file(struct window *w)
{
	int flags, ret = open_file(w, FILE_BYTES);

	if (ret)
		return ret;
	if (ioctl(w->fd, FS_IOC_GETFLAGS, &flags))
		return broken(w, "FS_IOC_GETFLAGS");
	flags |= FS_SYNC_FL;
	if (ioctl(w->fd, FS_IOC_SETFLAGS, &flags))
		return broken(w, "FS_IOC_SETFLAGS");
	ret = promised(w, w->direct_fd, 0);
	flags &= ~FS_SYNC_FL;
	if (ioctl(w->fd, FS_IOC_SETFLAGS, &flags))
		return broken(w, "FS_IOC_SETFLAGS");
	return ret;
}

static int case_rwf_atomic(struct window *w)
{
	int ret = open_file(w, FILE_BYTES);

	if (ret)
		return ret;
	ret = promised(w, w->direct_fd, RWF_ATOMIC);
	if (ret && (errno == EOPNOTSUPP || errno == EINVAL))
		return skipped(w, "no atomic writes here: %s", strerror(errno));
	return ret;
}

const struct window_case promise_cases[] = {
	CASE(fsync, "fsync"),
	CASE(fdatasync, "fsync"),
	CASE(msync, "fsync"),
	CASE(syncfs, "sync_fs"),
	CASE(sync, "sync_fs"),
	CASE(sync_file_range, ""),
	CASE_NEEDS(o_dsync, "", NEEDS_NOTHING),
	CASE_NEEDS(o_sync, "", NEEDS_NOTHING),
	CASE_NEEDS(rwf_dsync, "", NEEDS_NOTHING),
	CASE_NEEDS(rwf_sync, "", NEEDS_NOTHING),
	CASE_NEEDS(sync_file, "", NEEDS_NOTHING),
	CASE_NEEDS(rwf_atomic, "", NEEDS_NOTHING),
	{ 0 },
};
