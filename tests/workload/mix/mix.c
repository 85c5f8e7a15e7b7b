// SPDX-License-Identifier: GPL-2.0
/*
 * Random operations on one file, compared with a model of what it must contain.
 *
 *   mix FILE SECONDS SEED
 *
 * A write that is submitted before another operation comes before it: the file
 * system makes whoever changes the same range, or the layout, wait for it. Whoever
 * only looks at the range waits here, for its completion and for nothing more.
 *
 * The last line is "SEED: N operations"; exit status 1 if the file was not what it
 * must be, 2 usage, 3 could not run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "mix.h"

/* ---- what goes wrong ---- */

/* What was done, in a ring. */
#define HISTORY 4096
static struct past {
	const char *operation;
	off_t at, size;
	size_t bytes;
} history[HISTORY];

static void remember(struct mix *m)
{
	history[m->done % HISTORY] = (struct past){ m->operation, m->at, m->size, m->bytes };
}

/* The last operations that concern the present range. */
static void tell_history(struct mix *m)
{
	unsigned long from = m->done > HISTORY ? m->done - HISTORY : 1;
	int told = 0;

	for (unsigned long n = m->done - 1; n >= from && told < 12; n--) {
		struct past *p = &history[n % HISTORY];

		if (p->at >= m->at + (off_t)m->bytes || p->at + (off_t)p->bytes <= m->at)
			continue;
		printf("  before: %lu, %s %lld+%zu, file size then %lld\n", n, p->operation,
		       (long long)p->at, p->bytes, (long long)p->size);
		told++;
	}
}

int complain(struct mix *m, const char *format, ...)
{
	va_list args;

	printf("operation %lu, %s %lld+%zu, file size %lld: ", m->done, m->operation,
	       (long long)m->at, m->bytes, (long long)m->size);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	tell_history(m);
	return 1;
}

int broken(struct mix *m, const char *call)
{
	return complain(m, "%s: %s", call, strerror(errno));
}

static const char *looks_like(const char *got, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (got[i])
			return bytes > 8 && !memcmp(got, "old data", 8) ? "old data" : "other data";
	return "zeros";
}

int expect(struct mix *m, const char *got, off_t at, size_t bytes)
{
	size_t first = 0, behind = bytes;

	if (!memcmp(got, m->model + at, bytes))
		return 0;
	while (got[first] == m->model[at + first])
		first++;
	while (got[behind - 1] == m->model[at + behind - 1])
		behind--;
	return complain(m, "%s in place of %s at %lld+%zu", looks_like(got + first, behind - first),
			looks_like(m->model + at + first, behind - first),
			(long long)at + (long long)first, behind - first);
}

/* ---- chance ---- */

unsigned int random_below(struct mix *m, unsigned int limit)
{
	m->random = m->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (m->random >> 33) % limit;
}

bool random_range(struct mix *m, size_t unit, size_t most)
{
	size_t units = m->size / unit, wanted = most / unit;

	if (!units)
		return false;
	m->at = random_below(m, units) * unit;
	m->bytes = (1 + random_below(m, wanted)) * unit;
	if (m->at + (off_t)m->bytes > m->size)
		m->bytes = (m->size - m->at) / unit * unit;
	return true;
}

void random_extending_range(struct mix *m, size_t unit, size_t most)
{
	off_t limit = m->size + 4 * most < MAX_BYTES ? m->size + 4 * most : MAX_BYTES;

	m->at = random_below(m, limit / unit) * unit;
	m->bytes = (1 + random_below(m, most / unit)) * unit;
	if (m->at + m->bytes > MAX_BYTES)
		m->bytes = MAX_BYTES - m->at;
}

void fill(struct mix *m, char *buffer)
{
	uint32_t number = ++m->writes;

	for (size_t i = 0; i < m->bytes; i++)
		buffer[i] = 1 + (((m->at + i) / 64 + number) * 2654435761u >> 24) % 255;
}

/* ---- the model ---- */

void model_resize(struct mix *m, off_t size)
{
	if (size < m->size)
		memset(m->model + size, 0, m->size - size);
	m->size = size;
}

void model_write(struct mix *m, const char *data)
{
	off_t end = m->at + m->bytes;

	if (end > m->size)
		model_resize(m, end);
	if (data)
		memcpy(m->model + m->at, data, m->bytes);
	else
		memset(m->model + m->at, 0, m->bytes);
}

/* ---- asynchronous writes ---- */

static int reap(struct mix *m, int least)
{
	struct io_event events[DEPTH];
	int n;

	do {
		n = io_getevents(m->aio, least, DEPTH, events, NULL);
	} while (n == -EINTR);
	for (int i = 0; i < n; i++) {
		struct flight *f = events[i].data;

		f->busy = false;
		if (events[i].res != f->bytes)
			return complain(m, "an asynchronous write of %lld+%zu gave %ld",
					(long long)f->at, f->bytes, (long)events[i].res);
	}
	return n < 0 ? complain(m, "io_getevents: %s", strerror(-n)) : 0;
}

static bool in_flight(struct mix *m, off_t at, size_t bytes)
{
	for (int i = 0; i < DEPTH; i++) {
		struct flight *f = &m->flights[i];

		if (f->busy && f->at < at + (off_t)bytes && at < f->at + (off_t)f->bytes)
			return true;
	}
	return false;
}

int wait_for_range(struct mix *m, off_t at, size_t bytes)
{
	int ret = 0;

	while (!ret && in_flight(m, at, bytes))
		ret = reap(m, 1);
	return ret;
}

int wait_for_all(struct mix *m)
{
	return wait_for_range(m, 0, MAX_BYTES);
}

static int op_reap(struct mix *m)
{
	return reap(m, 0);
}

static int op_async_write(struct mix *m)
{
	struct flight *f = m->flights;
	struct iocb *list;
	int ret;

	while (f < m->flights + DEPTH && f->busy)
		f++;
	if (f == m->flights + DEPTH)
		return reap(m, 1);
	if (random_below(m, 8)) {
		if (!random_range(m, UNIT, MAX_WRITE))
			return 0;
	} else {
		random_extending_range(m, UNIT, MAX_WRITE);
	}
	/* Two writes of one range at the same time have no order. */
	ret = wait_for_range(m, m->at, m->bytes);
	if (ret)
		return ret;
	fill(m, f->buffer);
	f->at = m->at;
	f->bytes = m->bytes;
	io_prep_pwrite(&f->iocb, m->direct_fd, f->buffer, f->bytes, f->at);
	f->iocb.data = f;
	list = &f->iocb;
	ret = io_submit(m->aio, 1, &list);
	if (ret != 1)
		return complain(m, "io_submit: %s", strerror(-ret));
	f->busy = true;
	model_write(m, f->buffer);
	return 0;
}

static const struct operation async_operations[] = {
	{ "async write", op_async_write, 60 },
	{ "reap", op_reap, 15 },
	{ 0 },
};

/* ---- running ---- */

static const struct operation *const groups[] = {
	async_operations, io_operations, layout_operations,
};
#define GROUPS (sizeof(groups) / sizeof(groups[0]))

static const struct operation *choose(struct mix *m)
{
	unsigned int sum = 0, at;

	for (size_t g = 0; g < GROUPS; g++)
		for (const struct operation *o = groups[g]; o->name; o++)
			sum += o->weight;
	at = random_below(m, sum);
	for (size_t g = 0; g < GROUPS; g++) {
		for (const struct operation *o = groups[g]; o->name; o++) {
			if (at < o->weight)
				return o;
			at -= o->weight;
		}
	}
	return NULL;
}

int open_all(struct mix *m, int flags)
{
	m->fd = open(m->path, O_RDWR | flags, 0600);
	m->direct_fd = open(m->path, O_RDWR | O_DIRECT);
	m->map = mmap(NULL, MAX_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, m->fd, 0);
	if (m->fd < 0 || m->direct_fd < 0 || m->map == MAP_FAILED)
		return broken(m, m->path);
	return 0;
}

void close_all(struct mix *m)
{
	munmap(m->map, MAX_BYTES);
	close(m->fd);
	close(m->direct_fd);
}

static int set_up(struct mix *m)
{
	m->model = calloc(1, MAX_BYTES);
	if (!m->model || posix_memalign((void **)&m->buffer, UNIT, MAX_WRITE + UNIT) ||
	    io_setup(DEPTH, &m->aio))
		return 1;
	for (int i = 0; i < DEPTH; i++)
		if (posix_memalign((void **)&m->flights[i].buffer, UNIT, MAX_WRITE))
			return 1;
	m->operation = "open";
	if (open_all(m, O_CREAT | O_TRUNC) || fallocate(m->fd, 0, 0, MAX_BYTES / 2))
		return 1;
	m->size = MAX_BYTES / 2;
	return 0;
}

int main(int argc, char **argv)
{
	struct mix m = { 0 };
	time_t end;
	int ret = 0;

	if (argc != 4) {
		fputs("usage: mix FILE SECONDS SEED\n", stderr);
		return 2;
	}
	snprintf(m.path, sizeof(m.path), "%s", argv[1]);
	end = time(NULL) + atoi(argv[2]);
	m.random = strtoul(argv[3], NULL, 0);
	if (set_up(&m))
		return 3;
	while (!ret && time(NULL) < end) {
		const struct operation *o = choose(&m);

		m.operation = o->name;
		m.at = m.bytes = 0;
		m.done++;
		ret = o->run(&m);
		remember(&m);
	}
	printf("%s: %lu operations%s\n", argv[3], m.done, ret ? ", stopped" : "");
	return ret;
}
