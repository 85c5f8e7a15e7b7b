// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that use fsync wrongly, and their twins that do it right.
 *
 *   misuse [-r] CASE FILE	the mistake; -r: as it should be
 *   misuse -l			the cases
 *
 * FILE is made anew, 16 MiB of unwritten extents, and synced, as is its directory. 16 direct
 * writes of 1 MiB are long enough under way to be so when an fsync is called at once. In the
 * cases of fsyncs that fail, somebody else makes the device fail: "written" and
 * "failed" are said, and a line is awaited after each.
 *
 * Exit status 1: something did not go as it should have; 2: usage.
 */
#define _GNU_SOURCE
#include "misuse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int broken(const char *call, int err)
{
	fprintf(stderr, "misuse: %s: %s\n", call, strerror(err));
	return 1;
}

static const struct mistake {
	const char *name;
	int (*make)(struct job *j);
} mistakes[] = {
	{ "flight-libaio", flight_libaio },
	{ "flight-libaio-sent", flight_libaio_sent },
	{ "flight-uring", flight_uring },
	{ "flight-threads", flight_threads },
	{ "unsynced-libaio", unsynced_libaio },
	{ "unsynced-uring", unsynced_uring },
	{ "unsynced-pwrite", unsynced_pwrite },
	{ "retry", retry_called },
	{ "retry-libaio", retry_libaio },
	{ "retry-uring", retry_uring },
	{ "race", race },
	{ "name-create", name_create },
	{ "name-rename", name_rename },
	{ "name-link", name_link },
	{}
};

static int prepare(struct job *j, const char *path)
{
	int ret;

	unlink(path);
	j->path = path;
	j->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_DIRECT, 0600);
	if (j->fd < 0 || fallocate(j->fd, 0, 0, (off_t)WRITES * SIZE) || fsync(j->fd))
		return broken(path, errno);
	if (sync_dir(j))
		return 1;
	ret = posix_memalign((void **)&j->data, 4096, WRITES * SIZE);
	if (ret)
		return broken("memory", ret);
	memset(j->data, 'm', WRITES * SIZE);
	ret = -io_setup(2 * WRITES, &j->aio);
	if (!ret)
		ret = -io_uring_queue_init(2 * WRITES, &j->ring, 0);
	return ret ? broken("the rings", ret) : 0;
}

static int make(const struct mistake *mistake, bool right, const char *path)
{
	struct job j = { .right = right };
	int failed = prepare(&j, path) || mistake->make(&j);

	if (failed)
		return 1;
	/* Whatever these hold of the file is gone before it is closed. */
	io_uring_queue_exit(&j.ring);
	io_destroy(j.aio);
	free(j.data);
	return close(j.fd) ? broken("close", errno) : 0;
}

int main(int argc, char **argv)
{
	bool right = argc == 4 && !strcmp(argv[1], "-r");
	bool list = argc == 2 && !strcmp(argv[1], "-l");
	const struct mistake *m;

	for (m = mistakes; m->name; m++) {
		if (list)
			puts(m->name);
		else if (argc == 3 + right && !strcmp(m->name, argv[1 + right]))
			return make(m, right, argv[2 + right]);
	}
	if (list)
		return 0;
	fprintf(stderr, "usage: misuse [-r] CASE FILE; misuse -l\n");
	return 2;
}
