// SPDX-License-Identifier: GPL-2.0
/* What is made of an fsync that fails. */
#include "misuse.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int say_and_wait(const char *what)
{
	char line[16];

	printf("%s\n", what);
	fflush(stdout);
	return fgets(line, sizeof(line), stdin) ? 0 : broken("standard input", EIO);
}

static int sync_called(struct job *j)
{
	return fsync(j->fd) ? -errno : 0;
}

static int sync_sent_aio(struct job *j)
{
	struct io_event event;
	int ret;

	if (aio_send_fsync(j))
		return 0;
	ret = io_getevents(j->aio, 1, 1, &event, NULL);
	return ret == 1 ? (int)(long)event.res : ret;
}

static int sync_sent_ring(struct job *j)
{
	struct io_uring_cqe *cqe;
	int ret;

	if (ring_send_fsync(j, false))
		return 0;
	ret = io_uring_wait_cqe(&j->ring, &cqe);
	if (ret)
		return ret;
	ret = cqe->res;
	io_uring_cqe_seen(&j->ring, cqe);
	return ret;
}

static int retry(struct job *j, int (*sync_it)(struct job *j))
{
	int ret;

	if (write_all(j))
		return broken("pwrite", errno);
	if (say_and_wait("written"))
		return 1;
	if (!sync_it(j))
		return broken("the fsync that was to fail", 0);
	if (say_and_wait("failed"))
		return 1;
	if (j->right && write_all(j))
		return broken("pwrite", errno);
	ret = sync_it(j);
	return ret ? broken("the fsync after it", -ret) : 0;
}

int retry_called(struct job *j)
{
	return retry(j, sync_called);
}

int retry_libaio(struct job *j)
{
	return retry(j, sync_sent_aio);
}

int retry_uring(struct job *j)
{
	return retry(j, sync_sent_ring);
}

static void *sync_all(void *job)
{
	return (void *)(long)(fsync(((struct job *)job)->fd) ? -errno : 0);
}

/*
 * A page of the cache that cannot be written: its error is told once to each open
 * file. Two threads ask at once; or, done right, one does and tells the other.
 */
int race(struct job *j)
{
	int fd, err, block = (WRITES - 1) * (SIZE / 4096);
	char path[32], said[32];
	pthread_t thread;
	void *other;
	long own;

	/* Which block it is has to be known before: to ask for it writes the page. */
	if (write_all(j) || ioctl(j->fd, FIBMAP, &block))
		return broken("pwrite, FIBMAP", errno);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", j->fd);
	snprintf(said, sizeof(said), "written %d", block);
	fd = open(path, O_WRONLY);
	if (fd < 0 || pwrite(fd, j->data, 4096, (off_t)(WRITES - 1) * SIZE) != 4096)
		return broken("a buffered write", errno);
	if (say_and_wait(said))
		return 1;
	err = j->right ? 0 : pthread_create(&thread, NULL, sync_all, j);
	if (err)
		return broken("pthread_create", err);
	own = (long)sync_all(j);
	other = (void *)own;
	if (!j->right)
		pthread_join(thread, &other);
	if (!own && !other)
		return broken("the fsync that was to fail", 0);
	if (!j->right && own && other)
		return broken("both fsyncs", EIO);
	close(fd);
	return say_and_wait("failed");
}
