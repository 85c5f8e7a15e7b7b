/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Random operations on one file, with a model of what it must contain. Direct
 * writes are asynchronous and stay in flight, or complete and pending, while other
 * operations go on beside them and over them.
 */
#ifndef MIX_H
#define MIX_H

#include <libaio.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define UNIT 4096		/* of direct I/O */
#define MAX_BYTES (2 << 20)
#define MAX_WRITE (8 * UNIT)
#define DEPTH 16

struct flight {
	struct iocb iocb;
	char *buffer;
	off_t at;
	size_t bytes;
	bool busy;
};

struct mix {
	char path[4096];
	int fd;			/* buffered */
	int direct_fd;
	char *map;		/* MAX_BYTES, of the file */
	char *model;		/* MAX_BYTES: what the file contains */
	off_t size;		/* of the file */
	char *buffer;		/* MAX_WRITE + UNIT, aligned */
	io_context_t aio;
	struct flight flights[DEPTH];
	uint64_t random;
	unsigned long writes;	/* numbers the data */
	unsigned long done;	/* operations */
	const char *operation;	/* the present one, for what goes wrong */
	off_t at;
	size_t bytes;
};

struct operation {
	const char *name;
	/* 0, or 1 after complain(). */
	int (*run)(struct mix *m);
	unsigned int weight;
};

/* Each ends with a row without a name. */
extern const struct operation io_operations[], layout_operations[];

/* ---- mix.c ---- */

int complain(struct mix *m, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* With errno. */
int broken(struct mix *m, const char *call);
unsigned int random_below(struct mix *m, unsigned int limit);

/* A place within the file, and bytes from there: false if the file is too short. */
bool random_range(struct mix *m, size_t unit, size_t most);
/* As random_range(), but it may begin at the end of the file, or reach beyond. */
void random_extending_range(struct mix *m, size_t unit, size_t most);
/* Data that is like no other, for the present range. */
void fill(struct mix *m, char *buffer);
/* The present range now contains that, or zeros (NULL). */
void model_write(struct mix *m, const char *data);
void model_resize(struct mix *m, off_t size);

/* Waits until no asynchronous write is in flight in the range, or anywhere. */
int wait_for_range(struct mix *m, off_t at, size_t bytes);
int wait_for_all(struct mix *m);

/* Is that what the file must contain there? */
int expect(struct mix *m, const char *got, off_t at, size_t bytes);
int open_all(struct mix *m, int flags);
void close_all(struct mix *m);

#endif
