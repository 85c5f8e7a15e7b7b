// SPDX-License-Identifier: GPL-2.0
/* The same with pwrite, in two threads or one. */
#include "misuse.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

static atomic_int begun, done;

void *write_all(void *job)
{
	struct job *j = job;
	ssize_t written;

	atomic_store(&begun, 1);
	written = pwrite(j->fd, j->data, WRITES * SIZE, 0);
	atomic_store(&done, 1);
	return written == WRITES * SIZE ? NULL : (void *)1;
}

/* The other thread's write takes many times as long as it is given here. */
int flight_threads(struct job *j)
{
	pthread_t thread;
	void *failed;
	int err;

	err = pthread_create(&thread, NULL, write_all, j);
	if (err)
		return broken("pthread_create", err);
	while (!atomic_load(&begun))
		;
	if (j->right && pthread_join(thread, &failed))
		return 1;
	if (!j->right)
		usleep(3000);
	if (!j->right && atomic_load(&done))
		return broken("the other thread was too fast", 0);
	if (fsync(j->fd))
		return broken("fsync", errno);
	if (!j->right && pthread_join(thread, &failed))
		return 1;
	return failed ? broken("pwrite", EIO) : 0;
}

int unsynced_pwrite(struct job *j)
{
	if (write_all(j))
		return broken("pwrite", errno);
	return j->right && fdatasync(j->fd) ? broken("fdatasync", errno) : 0;
}
