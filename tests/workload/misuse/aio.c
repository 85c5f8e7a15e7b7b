// SPDX-License-Identifier: GPL-2.0
/* libaio: an fsync while writes are under way, or none. */
#include "misuse.h"

#include <errno.h>
#include <unistd.h>

int aio_reap(struct job *j, int count)
{
	struct io_event event[WRITES];
	int got, i;

	for (; count; count -= got) {
		got = io_getevents(j->aio, 1, count, event, NULL);
		if (got <= 0)
			return broken("io_getevents", -got);
		for (i = 0; i < got; i++)
			if ((long)event[i].res < 0)
				return broken("asynchronous I/O", -(long)event[i].res);
	}
	return 0;
}

static int aio_write(struct job *j)
{
	static struct iocb iocb[WRITES];
	struct iocb *list[WRITES];
	int i, ret;

	for (i = 0; i < WRITES; i++) {
		list[i] = &iocb[i];
		io_prep_pwrite(list[i], j->fd, j->data, SIZE, (long long)i * SIZE);
	}
	ret = io_submit(j->aio, WRITES, list);
	return ret == WRITES ? 0 : broken("io_submit", ret < 0 ? -ret : EIO);
}

int aio_send_fsync(struct job *j)
{
	static struct iocb iocb;
	struct iocb *list = &iocb;
	int ret;

	io_prep_fsync(&iocb, j->fd);
	ret = io_submit(j->aio, 1, &list);
	return ret == 1 ? 0 : broken("io_submit of an fsync", -ret);
}

/* The fsync is called, not sent; at once, or after the writes were seen complete. */
int flight_libaio(struct job *j)
{
	int failed = aio_write(j);

	if (!failed && j->right)
		failed = aio_reap(j, WRITES);
	if (!failed && fsync(j->fd))
		failed = broken("fsync", errno);
	return failed || j->right ? failed : aio_reap(j, WRITES);
}

int flight_libaio_sent(struct job *j)
{
	int failed = aio_write(j);

	if (!failed && j->right)
		failed = aio_reap(j, WRITES);
	if (!failed)
		failed = aio_send_fsync(j);
	return failed ? failed : aio_reap(j, j->right ? 1 : WRITES + 1);
}

int unsynced_libaio(struct job *j)
{
	int failed = aio_write(j) || aio_reap(j, WRITES);

	if (!failed && j->right)
		failed = aio_send_fsync(j) || aio_reap(j, 1);
	return failed;
}
