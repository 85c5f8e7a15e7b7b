/* SPDX-License-Identifier: GPL-2.0 */
#ifndef MISUSE_H
#define MISUSE_H

#include <libaio.h>
#include <liburing.h>
#include <stdbool.h>

#define WRITES 16
#define SIZE (1 << 20)

struct job {
	int fd;
	const char *path;
	bool right;
	char *data;
	io_context_t aio;
	struct io_uring ring;
};

/* Says what went wrong; returns 1. */
int broken(const char *call, int err);

/* Each returns 0, or 1 when it has said why not. */
int aio_reap(struct job *j, int count);
int aio_send_fsync(struct job *j);
int ring_send_fsync(struct job *j, bool drain);
int sync_dir(const struct job *j);

/* For pthread_create(), too: NULL, or not all is written. */
void *write_all(void *job);

/* The cases; 0 or 1. */
int flight_libaio(struct job *j);
int flight_libaio_sent(struct job *j);
int flight_uring(struct job *j);
int flight_threads(struct job *j);
int unsynced_libaio(struct job *j);
int unsynced_uring(struct job *j);
int unsynced_pwrite(struct job *j);
int retry_called(struct job *j);
int retry_libaio(struct job *j);
int retry_uring(struct job *j);
int race(struct job *j);
int name_create(struct job *j);
int name_rename(struct job *j);
int name_link(struct job *j);

#endif
