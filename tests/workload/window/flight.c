// SPDX-License-Identifier: GPL-2.0
/*
 * Things done while the writes are in flight, on a device that takes its time:
 * they are listed while, or after, somebody waits or looks.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "window.h"

static int open_in_flight(struct window *w)
{
	int ret = open_file(w, FILE_BYTES);

	if (!ret)
		ret = start_writes(w, w->direct_fd, WRITTEN_AT, COUNT, 0);
	if (!ret && pending(w))
		ret = skipped(w, "the device was too fast: writes are complete already");
	return ret;
}

/* It waits for the writes, and then for their conversion, but not for the delay. */
static int case_truncate_in_flight(struct window *w)
{
	int ret = open_in_flight(w);

	if (!ret && ftruncate(w->fd, 0))
		ret = broken(w, "ftruncate");
	if (!ret && pending(w))
		ret = wrong(w, "still pending after truncate");
	if (!ret)
		ret = finish_writes(w);
	if (!ret && fallocate(w->fd, 0, 0, FILE_BYTES))
		ret = broken(w, "fallocate");
	return ret ? ret : expect_zeros(w, w->fd, WRITTEN_AT, WRITTEN_BYTES);
}

static int case_buffered_write_in_flight(struct window *w)
{
	int ret = open_in_flight(w);

	if (!ret && pwrite(w->fd, "changed", 7, WRITTEN_AT + 100) != 7)
		ret = broken(w, "pwrite");
	if (!ret)
		ret = finish_writes(w);
	memcpy(w->data + 100, "changed", 7);
	return ret ? ret : expect_read(w, w->fd, WRITTEN_AT);
}

/* Zeros that are cached, and mapped, meanwhile are gone once the writes are complete. */
static int case_read_in_flight(struct window *w)
{
	volatile char *map;
	int ret = open_in_flight(w);

	if (ret)
		return ret;
	map = w->premapped;
	for (off_t at = 0; at < FILE_BYTES; at += BLOCK)
		(void)map[at];
	if (pread(w->fd, w->buffer, WRITTEN_BYTES, WRITTEN_AT) != WRITTEN_BYTES)
		return broken(w, "pread");
	ret = finish_writes(w);
	if (!ret)
		ret = expect_pending(w, COUNT);
	if (!ret)
		ret = expect_data(w, w->premapped + WRITTEN_AT);
	return ret ? ret : expect_read(w, w->fd, WRITTEN_AT);
}

/* Nothing is pending on a frozen file system, whenever its writes complete. */
static int case_freeze_in_flight(struct window *w)
{
	int ret = open_in_flight(w);

	if (ret)
		return ret;
	if (ioctl(w->fd, FIFREEZE, 0))
		return broken(w, "FIFREEZE");
	if (pending(w))
		ret = wrong(w, "%ld pending on a frozen file system", pending(w));
	if (ioctl(w->fd, FITHAW, 0))
		ret = broken(w, "FITHAW");
	if (!ret)
		ret = finish_writes(w);
	return ret ? ret : expect_read(w, w->direct_fd, WRITTEN_AT);
}

static int switched_in_flight(struct window *w, int from)
{
	int ret = set_sysfs(w, "aio_dio_defer", from);

	if (!ret)
		ret = open_in_flight(w);
	if (!ret)
		ret = set_sysfs(w, "aio_dio_defer", !from);
	if (!ret)
		ret = finish_writes(w);
	if (!ret)
		ret = expect_read(w, w->direct_fd, WRITTEN_AT);
	if (!ret && syncfs(w->fd))
		ret = broken(w, "syncfs");
	if (!ret && pending(w))
		ret = wrong(w, "still pending");
	if (set_sysfs(w, "aio_dio_defer", 1))
		return FAILED;
	return ret ? ret : expect_read(w, w->direct_fd, WRITTEN_AT);
}

static int case_switched_on_in_flight(struct window *w)
{
	return switched_in_flight(w, 0);
}

static int case_switched_off_in_flight(struct window *w)
{
	return switched_in_flight(w, 1);
}

/* fsync promises nothing of writes in flight, and the next one does. */
static int case_fsync_in_flight(struct window *w)
{
	int ret = open_in_flight(w);

	if (!ret && fsync(w->fd))
		ret = broken(w, "fsync");
	if (!ret)
		ret = finish_writes(w);
	if (!ret && fsync(w->fd))
		ret = broken(w, "fsync");
	if (!ret && pending(w))
		ret = wrong(w, "still pending");
	return ret ? ret : expect_read(w, w->direct_fd, WRITTEN_AT);
}

#define SLOW(name, guards) CASE_NEEDS(name, guards, NEEDS_SLOW_WRITES)
const struct window_case flight_cases[] = {
	SLOW(truncate_in_flight, "dio_count+waiters"),
	SLOW(buffered_write_in_flight, "waiters"),
	SLOW(read_in_flight, "fault"),
	SLOW(freeze_in_flight, "sync_fs"),
	SLOW(switched_on_in_flight, ""),
	SLOW(switched_off_in_flight, ""),
	SLOW(fsync_in_flight, "fsync"),
	{ 0 },
};
