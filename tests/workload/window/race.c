// SPDX-License-Identifier: GPL-2.0
/*
 * Two at a time, the second a moment after the first. On most kernels the first is
 * done by then; the kernel for test_guards.sh makes it take its time at the place
 * that the case names.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "window.h"

#define A_MOMENT_US 100000

static int begin_first(struct window *w, pthread_t *first, void *(*run)(void *), void *arg)
{
	errno = pthread_create(first, NULL, run, arg);
	if (errno)
		return broken(w, "pthread_create");
	usleep(A_MOMENT_US);
	return 0;
}

static void *touch(void *page)
{
	(void)*(volatile char *)page;
	return NULL;
}

/*
 * Delayed at "fault": nothing is pending when the fault begins. When it looks for
 * its page, the write is complete, and zeros were read ahead since.
 */
static int case_fault_while_completing(struct window *w)
{
	pthread_t first;
	char *map;
	int ret = open_file(w, FILE_BYTES);

	if (ret)
		return ret;
	close_mapping(w);
	if (posix_fadvise(w->fd, 0, 0, POSIX_FADV_DONTNEED))
		return wrong(w, "fadvise failed");
	map = mmap(NULL, WRITTEN_BYTES, PROT_READ, MAP_SHARED, w->fd, WRITTEN_AT);
	if (map == MAP_FAILED)
		return broken(w, "mmap");
	ret = begin_first(w, &first, touch, map);
	if (!ret) {
		ret = write_data(w, WRITTEN_AT, COUNT);
		if (posix_fadvise(w->fd, WRITTEN_AT, WRITTEN_BYTES, POSIX_FADV_WILLNEED))
			ret = wrong(w, "fadvise failed");
		pthread_join(first, NULL);
	}
	if (!ret)
		ret = expect_data(w, map);
	munmap(map, WRITTEN_BYTES);
	return ret;
}

static void *sync_file(void *arg)
{
	struct window *w = arg;

	/* Its errors are not the point here. */
	(void)!fsync(w->direct_fd);
	return NULL;
}

/* Delayed at "convert": the list is empty, and nothing on it is converted yet. */
static int while_converting(struct window *w, int (*then)(struct window *w))
{
	pthread_t first;
	int ret = begin_first(w, &first, sync_file, w);

	if (ret)
		return ret;
	ret = then(w);
	pthread_join(first, NULL);
	return ret;
}

static int sync_and_look(struct window *w)
{
	if (fsync(w->fd))
		return broken(w, "fsync");
	return pending(w) ? wrong(w, "still pending") : 0;
}

static int read_buffered(struct window *w)
{
	return expect_read(w, w->fd, WRITTEN_AT);
}

static int read_directly(struct window *w)
{
	return expect_read(w, w->direct_fd, WRITTEN_AT);
}

static int case_fsync_while_converting(struct window *w)
{
	return while_converting(w, sync_and_look);
}

static int case_read_while_converting(struct window *w)
{
	return while_converting(w, read_buffered);
}

static int case_direct_read_while_converting(struct window *w)
{
	return while_converting(w, read_directly);
}

const struct window_case race_cases[] = {
	CASE_NEEDS(fault_while_completing, "fault_recheck", NEEDS_NOTHING),
	CASE(fsync_while_converting, "in_progress"),
	CASE(read_while_converting, "in_progress"),
	CASE(direct_read_while_converting, "in_progress"),
	{ 0 },
};
