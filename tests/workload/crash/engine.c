// SPDX-License-Identifier: GPL-2.0
/* libaio, io_uring, and calls that return when it is done. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "write.h"

/* ---- libaio ---- */

static int aio_open(struct queue *queue)
{
	return io_setup(DEPTH, &queue->aio);
}

static int aio_submit(struct queue *queue, struct op *op)
{
	struct iocb *iocb = &op->iocb;
	int ret;

	switch (op->kind) {
	case OP_WRITE:
	case OP_DSYNC_WRITE:
		io_prep_pwrite(iocb, op->file->fd, op->buffer, op->bytes, op->at);
		if (op->kind == OP_DSYNC_WRITE)
			iocb->aio_rw_flags = RWF_DSYNC;
		break;
	case OP_FSYNC:
		io_prep_fsync(iocb, op->file->fd);
		break;
	case OP_FDATASYNC:
		io_prep_fdsync(iocb, op->file->fd);
		break;
	}
	iocb->data = op;
	do
		ret = io_submit(queue->aio, 1, &iocb);
	while (ret == -EAGAIN || ret == -EINTR);
	return ret == 1 ? 0 : ret < 0 ? ret : -EIO;
}

static int aio_reap(struct queue *queue, struct op **op)
{
	struct io_event event;
	int ret;

	do
		ret = io_getevents(queue->aio, 1, 1, &event, NULL);
	while (ret == -EINTR);
	if (ret != 1)
		return ret < 0 ? ret : -EIO;
	*op = event.data;
	(*op)->result = (long)event.res;
	return 0;
}

static void aio_close(struct queue *queue)
{
	io_destroy(queue->aio);
}

/* ---- io_uring ---- */

static int uring_open(struct queue *queue)
{
	return io_uring_queue_init(DEPTH, &queue->ring, 0);
}

static int uring_submit(struct queue *queue, struct op *op)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&queue->ring);
	int ret;

	if (!sqe)
		return -EBUSY;
	switch (op->kind) {
	case OP_WRITE:
	case OP_DSYNC_WRITE:
		io_uring_prep_write(sqe, op->file->fd, op->buffer, op->bytes, op->at);
		if (op->kind == OP_DSYNC_WRITE)
			sqe->rw_flags = RWF_DSYNC;
		break;
	case OP_FSYNC:
		io_uring_prep_fsync(sqe, op->file->fd, 0);
		break;
	case OP_FDATASYNC:
		io_uring_prep_fsync(sqe, op->file->fd, IORING_FSYNC_DATASYNC);
		break;
	}
	io_uring_sqe_set_data(sqe, op);
	do
		ret = io_uring_submit(&queue->ring);
	while (ret == -EAGAIN || ret == -EINTR);
	return ret == 1 ? 0 : ret < 0 ? ret : -EIO;
}

static int uring_reap(struct queue *queue, struct op **op)
{
	struct io_uring_cqe *cqe;
	int ret;

	do
		ret = io_uring_wait_cqe(&queue->ring, &cqe);
	while (ret == -EINTR);
	if (ret)
		return ret;
	*op = io_uring_cqe_get_data(cqe);
	(*op)->result = cqe->res;
	io_uring_cqe_seen(&queue->ring, cqe);
	return 0;
}

static void uring_close(struct queue *queue)
{
	io_uring_queue_exit(&queue->ring);
}

/* ---- calls that wait ---- */

static int call_submit(struct queue *queue, struct op *op)
{
	int fd = op->file->fd;
	ssize_t n;

	if (queue->engine->buffered)
		fd = op->file->buffered_fd;
	if (op->kind == OP_DSYNC_WRITE)
		fd = op->file->dsync_fd;
	n = pwrite(fd, op->buffer, op->bytes, op->at);
	op->result = n < 0 ? -errno : n;
	queue->finished[queue->nr_finished++] = op;
	return 0;
}

static int call_reap(struct queue *queue, struct op **op)
{
	if (!queue->nr_finished)
		return -EINVAL;
	*op = queue->finished[--queue->nr_finished];
	return 0;
}

static int call_open(struct queue *queue)
{
	return 0;
}

static void call_close(struct queue *queue)
{
}

static const struct engine engines[] = {
	{ "libaio", true, false, aio_open, aio_submit, aio_reap, aio_close },
	{ "io_uring", true, false, uring_open, uring_submit, uring_reap, uring_close },
	{ "pwrite", false, false, call_open, call_submit, call_reap, call_close },
	{ "buffered", false, true, call_open, call_submit, call_reap, call_close },
};

const struct engine *engine_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(engines); i++)
		if (!strcmp(engines[i].name, name))
			return &engines[i];
	return NULL;
}
