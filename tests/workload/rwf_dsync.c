// SPDX-License-Identifier: GPL-2.0
/*
 * rwf_dsync FOLDER SECONDS: threads that write preallocated files block by block, each
 * write with RWF_DSYNC, which fio has no option for.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define BLOCK 4096
#define BLOCKS 4096
#define THREADS 4

static const char *folder;
static time_t end;

static int write_blocks(int fd, void *block)
{
	struct iovec iov = { block, BLOCK };
	long i;

	for (i = 0; i < BLOCKS && time(NULL) < end; i++)
		/* Odd, so that each block has its turn. */
		if (pwritev2(fd, &iov, 1, (i * 1237 % BLOCKS) * BLOCK, RWF_DSYNC) != BLOCK)
			return -errno;
	return 0;
}

static int write_file(const char *path, void *block)
{
	int fd = open(path, O_RDWR | O_CREAT | O_DIRECT, 0644), ret;

	if (fd < 0)
		return -errno;
	ret = -posix_fallocate(fd, 0, (off_t)BLOCKS * BLOCK);
	if (!ret)
		ret = write_blocks(fd, block);
	close(fd);
	unlink(path);
	return ret;
}

static void *writer(void *number)
{
	char path[4096];
	void *block;
	long ret = 0;

	snprintf(path, sizeof(path), "%s/%ld", folder, (long)number);
	if (posix_memalign(&block, BLOCK, BLOCK))
		return (void *)-ENOMEM;
	memset(block, 'x', BLOCK);
	while (!ret && time(NULL) < end)
		ret = write_file(path, block);
	free(block);
	return (void *)ret;
}

int main(int argc, char **argv)
{
	pthread_t thread[THREADS];
	void *ret;
	long i;
	int status = 0;

	if (argc != 3)
		return 2;
	folder = argv[1];
	end = time(NULL) + atoi(argv[2]);
	if (mkdir(folder, 0755) && errno != EEXIST)
		return 3;
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, writer, (void *)i))
			return 3;
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &ret);
		if (ret) {
			fprintf(stderr, "rwf_dsync: %s\n", strerror(-(long)ret));
			status = 3;
		}
	}
	return status;
}
