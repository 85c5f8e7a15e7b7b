// SPDX-License-Identifier: GPL-2.0
/*
 * What a program finds between the completion of a direct write and the
 * conversion of its extents.
 *
 *   window [-u] [-s] [-x CASE=WHY]... DIR SYSFS [CASE...]
 *   window -l                  names, and what in the series they hold in place
 *
 *   -u  write with io_uring, not with libaio
 *   -s  writes to the device are slow: only the cases that need that
 *   -x  leave this case out
 *
 * Every case writes some blocks of a preallocated file, waits for their
 * completion, makes sure that they are still pending (SYSFS is the file system's
 * folder there, its aio_dio_batch_ms must be long), and then does one thing that
 * must not see, or make, zeros or old data, and must not wait for the list to be
 * converted in its own time. The free space of the file system should be full of
 * old data.
 *
 * Prints "ok CASE", "not ok CASE - why" or "skip CASE - why"; exit status 1 if
 * a case failed, 2 usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libaio.h>
#include <liburing.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "window.h"

static const struct window_case *const subjects[] = {
	read_cases, write_cases, layout_cases, ioctl_cases, report_cases, promise_cases, race_cases,
	flight_cases,
};

/* ---- results ---- */

int wrong(struct window *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->why, sizeof(w->why), format, args);
	va_end(args);
	return FAILED;
}

int skipped(struct window *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->why, sizeof(w->why), format, args);
	va_end(args);
	return SKIPPED;
}

int broken(struct window *w, const char *call)
{
	return wrong(w, "%s: %s", call, strerror(errno));
}

/* ---- what is there ---- */

long sysfs_number(struct window *w, const char *name)
{
	char path[4200];
	FILE *file;
	long n;

	snprintf(path, sizeof(path), "%s/%s", w->sysfs, name);
	file = fopen(path, "r");
	if (!file)
		return -1;
	if (fscanf(file, "%ld", &n) != 1)
		n = -1;
	fclose(file);
	return n;
}

int set_sysfs(struct window *w, const char *name, long value)
{
	char path[4200];
	FILE *file;
	int ret;

	snprintf(path, sizeof(path), "%s/%s", w->sysfs, name);
	file = fopen(path, "w");
	if (!file)
		return broken(w, name);
	ret = fprintf(file, "%ld\n", value) < 0;
	ret |= fclose(file);
	return ret ? broken(w, name) : 0;
}

long pending(struct window *w)
{
	return sysfs_number(w, "nr_aio_dio_pending");
}

int expect_pending(struct window *w, long count)
{
	long now = pending(w);

	return now >= count ? 0 : wrong(w, "the window is not open: %ld pending", now);
}

static bool is_zero(const char *p, size_t n)
{
	while (n--)
		if (*p++)
			return false;
	return true;
}

int expect_data(struct window *w, const char *got)
{
	if (!memcmp(got, w->data, WRITTEN_BYTES))
		return 0;
	return wrong(w, is_zero(got, WRITTEN_BYTES) ? "zeros instead of the data" : "wrong data");
}

int expect_read(struct window *w, int fd, off_t at)
{
	if (pread(fd, w->buffer, WRITTEN_BYTES, at) != WRITTEN_BYTES)
		return broken(w, "pread");
	return expect_data(w, w->buffer);
}

int expect_zeros(struct window *w, int fd, off_t at, size_t bytes)
{
	if (pread(fd, w->buffer, bytes, at) != (ssize_t)bytes)
		return broken(w, "pread");
	return is_zero(w->buffer, bytes) ? 0 : wrong(w, "old data at %lld", (long long)at);
}

/* ---- writing ---- */

static struct iocb iocbs[COUNT];
static io_context_t aio;
static struct io_uring ring;
static bool ring_ready;
static int in_flight;

static int count_started(struct window *w, int ret, int wanted)
{
	if (ret > 0)
		in_flight = ret;
	if (ret == wanted)
		return 0;
	errno = ret < 0 ? -ret : EIO;
	return broken(w, "starting a write");
}

static int start_aio(struct window *w, int fd, off_t at, int blocks, int rwf)
{
	struct iocb *list[COUNT];

	if (!aio && io_setup(COUNT, &aio))
		return wrong(w, "io_setup failed");
	for (int i = 0; i < blocks; i++) {
		list[i] = &iocbs[i];
		io_prep_pwrite(list[i], fd, w->data + i * BLOCK, BLOCK, at + (off_t)i * BLOCK);
		list[i]->aio_rw_flags = rwf;
	}
	return count_started(w, io_submit(aio, blocks, list), blocks);
}

static int start_uring(struct window *w, int fd, off_t at, int blocks, int rwf)
{
	if (!ring_ready && io_uring_queue_init(COUNT, &ring, 0))
		return wrong(w, "io_uring_queue_init failed");
	ring_ready = true;
	for (int i = 0; i < blocks; i++) {
		struct io_uring_sqe *sqe = io_uring_get_sqe(&ring);

		io_uring_prep_write(sqe, fd, w->data + i * BLOCK, BLOCK, at + (off_t)i * BLOCK);
		sqe->rw_flags = rwf;
	}
	return count_started(w, io_uring_submit(&ring), blocks);
}

int start_writes(struct window *w, int fd, off_t at, int blocks, int rwf)
{
	return w->uring ? start_uring(w, fd, at, blocks, rwf) : start_aio(w, fd, at, blocks, rwf);
}

static long finish_one(struct window *w)
{
	struct io_uring_cqe *cqe;
	struct io_event event;
	long result;
	int ret;

	/* A ring of io_uring that goes away interrupts its program. */
	do {
		ret = w->uring ? io_uring_wait_cqe(&ring, &cqe) :
				 io_getevents(aio, 1, 1, &event, NULL);
	} while (ret == -EINTR);
	if (ret < 0)
		return ret;
	if (!w->uring)
		return (long)event.res;
	result = cqe->res;
	io_uring_cqe_seen(&ring, cqe);
	return result;
}

int finish_writes(struct window *w)
{
	int ret = 0;

	for (; in_flight; in_flight--) {
		long result = finish_one(w);

		if (result < 0) {
			errno = -result;
			ret = broken(w, "write");
		} else if (result != BLOCK) {
			ret = wrong(w, "a short write");
		}
	}
	return ret;
}

int write_data(struct window *w, off_t at, int blocks)
{
	int ret = start_writes(w, w->direct_fd, at, blocks, 0);

	return ret ? ret : finish_writes(w);
}

/* ---- the file ---- */

int open_beside(struct window *w, const char *suffix, off_t preallocated)
{
	char path[4200];
	int fd;

	snprintf(path, sizeof(path), "%s.%s", w->path, suffix);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return -1;
	unlink(path);
	if (preallocated && fallocate(fd, 0, 0, preallocated)) {
		close(fd);
		return -1;
	}
	return fd;
}

int open_file(struct window *w, off_t bytes)
{
	w->fd = open(w->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (w->fd < 0 || fallocate(w->fd, 0, 0, bytes))
		return broken(w, w->path);
	/* What the case before has left is not ours, and must go away. */
	if (syncfs(w->fd))
		return broken(w, "syncfs");
	if (pending(w))
		return wrong(w, "%ld pending after syncfs", pending(w));
	w->direct_fd = open(w->path, O_RDWR | O_DIRECT);
	if (w->direct_fd < 0)
		return broken(w, w->path);
	w->premapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd, 0);
	if (w->premapped == MAP_FAILED)
		return broken(w, "mmap");
	w->mapped = bytes;
	for (off_t i = 0; i < bytes; i += BLOCK)
		if (*(volatile char *)(w->premapped + i))
			return wrong(w, "old data in preallocated space");
	/* Each time another: what an earlier case has left on the device must not pass for it. */
	for (int i = 0; i < WRITTEN_BYTES; i++)
		w->data[i] = 'a' + random() % 26;
	return 0;
}

void close_mapping(struct window *w)
{
	if (w->premapped != MAP_FAILED)
		munmap(w->premapped, w->mapped);
	w->premapped = MAP_FAILED;
}

void close_file(struct window *w)
{
	close_mapping(w);
	if (w->fd >= 0)
		close(w->fd);
	if (w->direct_fd >= 0)
		close(w->direct_fd);
	w->fd = w->direct_fd = -1;
}

/* ---- running ---- */

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000L + now.tv_nsec / 1000000;
}

static int open_window(struct window *w)
{
	int ret = open_file(w, FILE_BYTES);

	if (!ret)
		ret = write_data(w, WRITTEN_AT, COUNT);
	return ret ? ret : expect_pending(w, COUNT);
}

static char *left_out[8];
static int left_out_count;

static const char *why_left_out(const struct window_case *c)
{
	size_t length = strlen(c->name);

	for (int i = 0; i < left_out_count; i++)
		if (!strncmp(left_out[i], c->name, length) && left_out[i][length] == '=')
			return left_out[i] + length + 1;
	return NULL;
}

static int run_case(struct window *w, const struct window_case *c)
{
	long batch_ms = sysfs_number(w, "aio_dio_batch_ms"), took;
	int ret = 0;

	w->why[0] = '\0';
	if (why_left_out(c))
		ret = skipped(w, "%s", why_left_out(c));
	else if (c->needs == NEEDS_WINDOW)
		ret = open_window(w);
	took = -now_ms();
	if (!ret)
		ret = c->run(w);
	took += now_ms();
	/* Whoever needs the conversion makes it happen. */
	if (!ret && took >= batch_ms / 2)
		ret = wrong(w, "waited for the work: %ld ms", took);
	if (in_flight)
		finish_writes(w);
	close_file(w);
	unlink(w->path);
	if (ret == SKIPPED)
		printf("skip %s - %s\n", c->name, w->why);
	else if (ret)
		printf("not ok %s - %s\n", c->name, w->why);
	else
		printf("ok %s\n", c->name);
	fflush(stdout);
	return ret == FAILED;
}

static bool is_wanted(const struct window_case *c, bool slow, char **names)
{
	if (!*names)
		return (c->needs == NEEDS_SLOW_WRITES) == slow;
	for (; *names; names++)
		if (!strcmp(*names, c->name))
			return true;
	return false;
}

static int run_cases(struct window *w, bool slow, char **names)
{
	int failed = 0, ran = 0;

	for (size_t s = 0; s < sizeof(subjects) / sizeof(subjects[0]); s++) {
		for (const struct window_case *c = subjects[s]; c->name; c++) {
			if (!is_wanted(c, slow, names))
				continue;
			failed |= run_case(w, c);
			ran++;
		}
	}
	if (!ran) {
		fputs("window: no such case\n", stderr);
		return 2;
	}
	return failed;
}

static void list_cases(void)
{
	for (size_t s = 0; s < sizeof(subjects) / sizeof(subjects[0]); s++)
		for (const struct window_case *c = subjects[s]; c->name; c++)
			printf("%s %s %s\n", c->name,
			       c->needs == NEEDS_SLOW_WRITES ? "slow" : "fast",
			       c->guards[0] ? c->guards : "-");
}

int main(int argc, char **argv)
{
	struct window w = { .fd = -1, .direct_fd = -1, .premapped = MAP_FAILED };
	bool slow = false;
	int option;

	while ((option = getopt(argc, argv, "lusx:")) != -1) {
		switch (option) {
		case 'l':
			list_cases();
			return 0;
		case 'u':
			w.uring = true;
			break;
		case 's':
			slow = true;
			break;
		case 'x':
			if (left_out_count == sizeof(left_out) / sizeof(left_out[0]))
				return 2;
			left_out[left_out_count++] = optarg;
			break;
		default:
			return 2;
		}
	}
	if (argc - optind < 2) {
		fputs("usage: window [-u] [-s] [-x CASE=WHY]... DIR SYSFS [CASE...] | window -l\n", stderr);
		return 2;
	}
	srandom(time(NULL) ^ getpid() << 8);
	w.dir = argv[optind];
	w.sysfs = argv[optind + 1];
	snprintf(w.path, sizeof(w.path), "%s/window", w.dir);
	if (posix_memalign((void **)&w.data, BLOCK, WRITTEN_BYTES) ||
	    posix_memalign((void **)&w.buffer, BLOCK, WRITTEN_BYTES))
		return 3;
	return run_cases(&w, slow, argv + optind + 2);
}
