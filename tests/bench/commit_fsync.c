// SPDX-License-Identifier: GPL-2.0
/*
 * For LD_PRELOAD: an fsync of a file with the sticky bit always has a transaction to
 * commit. An overwrite changes no more than the time of the file, and that only with
 * each tick of the clock, so most of its fsyncs have none.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

int fsync(int fd)
{
	static int (*real_fsync)(int fd);
	struct stat st;

	if (!real_fsync)
		*(void **)&real_fsync = dlsym(RTLD_NEXT, "fsync");
	if (!fstat(fd, &st) && st.st_mode & S_ISVTX && futimens(fd, NULL))
		return -1;
	return real_fsync(fd);
}
