// SPDX-License-Identifier: GPL-2.0
/* The same with io_uring. */
#include "misuse.h"

static int ring_submit(struct job *j)
{
	int ret = io_uring_submit(&j->ring);

	return ret > 0 ? 0 : broken("io_uring_submit", -ret);
}

static int ring_write(struct job *j)
{
	int i;

	for (i = 0; i < WRITES; i++)
		io_uring_prep_write(io_uring_get_sqe(&j->ring), j->fd, j->data, SIZE,
				    (__u64)i * SIZE);
	return ring_submit(j);
}

static int ring_reap(struct job *j, int count)
{
	struct io_uring_cqe *cqe;
	int ret;

	for (; count; count--) {
		ret = io_uring_wait_cqe(&j->ring, &cqe);
		if (!ret && cqe->res < 0)
			ret = cqe->res;
		if (ret)
			return broken("io_uring", -ret);
		io_uring_cqe_seen(&j->ring, cqe);
	}
	return 0;
}

int ring_send_fsync(struct job *j, bool drain)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&j->ring);

	io_uring_prep_fsync(sqe, j->fd, 0);
	if (drain)
		io_uring_sqe_set_flags(sqe, IOSQE_IO_DRAIN);
	return ring_submit(j);
}

/* Both are sent at once: nothing but IOSQE_IO_DRAIN says which comes first. */
int flight_uring(struct job *j)
{
	return ring_write(j) || ring_send_fsync(j, j->right) || ring_reap(j, WRITES + 1);
}

int unsynced_uring(struct job *j)
{
	int failed = ring_write(j) || ring_reap(j, WRITES);

	if (!failed && j->right)
		failed = ring_send_fsync(j, false) || ring_reap(j, 1);
	return failed;
}
