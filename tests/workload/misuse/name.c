// SPDX-License-Identifier: GPL-2.0
/* Names that are not durable, though the files are. */
#define _GNU_SOURCE
#include "misuse.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <unistd.h>

int sync_dir(const struct job *j)
{
	char path[4096];
	int fd, failed;

	snprintf(path, sizeof(path), "%s", j->path);
	fd = open(dirname(path), O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return broken(path, errno);
	failed = fsync(fd) ? broken("fsync of the directory", errno) : 0;
	close(fd);
	return failed;
}

/* Beside FILE: FILE.new, and FILE.tmp for a while. Returns what to write to. */
static int beside(const struct job *j, const char *suffix, char *path)
{
	int fd;

	snprintf(path, 4096, "%s.%s", j->path, suffix);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		broken(path, errno);
	return fd;
}

static int write_and_sync(const struct job *j, int fd)
{
	if (pwrite(fd, j->data, 4096, 0) != 4096 || fsync(fd))
		return broken("pwrite, fsync", errno);
	return 0;
}

int name_create(struct job *j)
{
	char path[4096];
	int fd = beside(j, "new", path);

	if (fd < 0 || write_and_sync(j, fd) || close(fd))
		return 1;
	return j->right ? sync_dir(j) : 0;
}

int name_rename(struct job *j)
{
	char from[4096], to[4096];
	int fd = beside(j, "tmp", from);

	snprintf(to, sizeof(to), "%s.new", j->path);
	if (fd < 0 || write_and_sync(j, fd) || close(fd))
		return 1;
	if (rename(from, to))
		return broken("rename", errno);
	return j->right ? sync_dir(j) : 0;
}

/* A file without a name gets one when all of it is there. */
int name_link(struct job *j)
{
	char dir[4096], from[32], to[4096];
	int fd;

	snprintf(dir, sizeof(dir), "%s", j->path);
	snprintf(to, sizeof(to), "%s.new", j->path);
	unlink(to);
	fd = open(dirname(dir), O_WRONLY | O_TMPFILE, 0600);
	if (fd < 0)
		return broken("O_TMPFILE", errno);
	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	if (write_and_sync(j, fd))
		return 1;
	if (linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW))
		return broken("linkat", errno);
	close(fd);
	return j->right ? sync_dir(j) : 0;
}
