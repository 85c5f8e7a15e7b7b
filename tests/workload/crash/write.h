/* SPDX-License-Identifier: GPL-2.0 */
/* The programs that write: files that they share, and ways to submit. */
#ifndef CRASH_WRITE_H
#define CRASH_WRITE_H

#include <libaio.h>
#include <liburing.h>
#include <pthread.h>

#include "crash.h"

#define DEPTH 16
#define MAX_WRITE (64 << 10)

/* ---- files.c: which blocks are written now, which are done, and which promised ---- */

struct file {
	pthread_mutex_t lock;
	uint32_t id;
	int fd;	      /* O_DIRECT */
	int dsync_fd; /* O_DIRECT | O_DSYNC */
	int buffered_fd;
	bool replacing;	    /* by another file: keep off */
	uint32_t users;	    /* operations under way */
	uint32_t written;   /* blocks that are not zeros */
	bool *busy;	    /* no two operations on a block at once */
	uint64_t *gens;	    /* by block, 0: zeros */
	struct range *done; /* in the order of their completion... */
	size_t nr_done, done_size;
	size_t promised; /* ...promised up to here: under the lock of the notes */
};

struct files {
	const char *dir;
	int dir_fd;
	size_t block_bytes;
	uint32_t blocks; /* of each file */
	struct file *all;
	unsigned int nr;
	bool fixed; /* none is replaced or zeroed */
	bool one_sync; /* no two syncs at once */
	pthread_mutex_t sync_lock;
	_Atomic uint32_t last_id;
	_Atomic uint64_t last_gen;
	pthread_mutex_t notes_lock; /* before any file's lock */
	struct notes notes;
};

struct pick {
	uint32_t at, count; /* blocks; wished, then what was found */
	bool search;	    /* elsewhere, for blocks that hold zeros */
};

uint64_t next_random(uint64_t *state);

int files_open(struct files *files, unsigned int nr, uint64_t *random);
/* A new file in place of one that has been written through. -EAGAIN: not now. */
int file_replace(struct files *files, struct file *file, uint64_t *random);
/*
 * Takes blocks that nobody else is at, and a generation. -EAGAIN: none.
 * For zeros, the notes have it.
 */
int file_begin(struct files *files, struct file *file, const struct pick *pick, bool zeros,
	       uint64_t *random, struct range *range);
int file_done(struct file *file, const struct range *range, bool zeros);
/* -EAGAIN: it is being replaced. done: what a sync that starts now will promise. */
int file_begin_sync(struct file *file, size_t *done);
void file_put(struct file *file);
int files_sync(struct files *files, int (*call)(int), int fd);
int file_promise(struct files *files, struct file *file, size_t done);
int file_promise_one(struct files *files, struct file *file, const struct range *range);

/* ---- engine.c: ways to submit ---- */

enum op_kind { OP_WRITE, OP_DSYNC_WRITE, OP_FSYNC, OP_FDATASYNC };

struct op {
	enum op_kind kind;
	struct file *file;
	struct range range; /* of a write */
	size_t done;	    /* of a sync: what it promises */
	char *buffer;
	size_t bytes;
	off_t at;
	struct iocb iocb;
	long result;
};

struct queue;

struct engine {
	const char *name;
	bool async; /* syncs can be submitted as well */
	bool buffered;
	int (*open)(struct queue *queue);
	int (*submit)(struct queue *queue, struct op *op);
	int (*reap)(struct queue *queue, struct op **op); /* waits for one */
	void (*close)(struct queue *queue);
};

struct queue {
	const struct engine *engine;
	io_context_t aio;
	struct io_uring ring;
	struct op *finished[DEPTH]; /* of an engine that waits at once */
	unsigned int nr_finished;
};

const struct engine *engine_find(const char *name);

#endif
