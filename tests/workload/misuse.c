// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that use fsync wrongly, and their twins that do it right.
 *
 *   misuse [-r] CASE FILE	the mistake; -r: as it should be
 *   misuse -l			the cases
 *
 * FILE is made anew, 16 MiB of unwritten extents, and synced, as is its directory. 16 direct
 * writes of 1 MiB are long enough under way to be so when an fsync is called at once. In the
 * cases of fsyncs that fail, somebody else makes the device fail: "written" and
 * "failed" are said, and a line is awaited after each.
 *
 * Exit status 1: something did not go as it should have; 2: usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libaio.h>
#include <libgen.h>
#include <liburing.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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

static int broken(const char *call, int err)
{
	fprintf(stderr, "misuse: %s: %s\n", call, strerror(err));
	return 1;
}

/* ---- libaio ---- */

static int aio_reap(struct job *j, int count)
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

static int aio_send_fsync(struct job *j)
{
	static struct iocb iocb;
	struct iocb *list = &iocb;
	int ret;

	io_prep_fsync(&iocb, j->fd);
	ret = io_submit(j->aio, 1, &list);
	return ret == 1 ? 0 : broken("io_submit of an fsync", -ret);
}

/* The fsync is called, not sent; at once, or after the writes were seen complete. */
static int flight_libaio(struct job *j)
{
	int failed = aio_write(j);

	if (!failed && j->right)
		failed = aio_reap(j, WRITES);
	if (!failed && fsync(j->fd))
		failed = broken("fsync", errno);
	return failed || j->right ? failed : aio_reap(j, WRITES);
}

static int flight_libaio_sent(struct job *j)
{
	int failed = aio_write(j);

	if (!failed && j->right)
		failed = aio_reap(j, WRITES);
	if (!failed)
		failed = aio_send_fsync(j);
	return failed ? failed : aio_reap(j, j->right ? 1 : WRITES + 1);
}

static int unsynced_libaio(struct job *j)
{
	int failed = aio_write(j) || aio_reap(j, WRITES);

	if (!failed && j->right)
		failed = aio_send_fsync(j) || aio_reap(j, 1);
	return failed;
}

/* ---- io_uring ---- */

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

static int ring_send_fsync(struct job *j, bool drain)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&j->ring);

	io_uring_prep_fsync(sqe, j->fd, 0);
	if (drain)
		io_uring_sqe_set_flags(sqe, IOSQE_IO_DRAIN);
	return ring_submit(j);
}

/* Both are sent at once: nothing but IOSQE_IO_DRAIN says which comes first. */
static int flight_uring(struct job *j)
{
	return ring_write(j) || ring_send_fsync(j, j->right) || ring_reap(j, WRITES + 1);
}

static int unsynced_uring(struct job *j)
{
	int failed = ring_write(j) || ring_reap(j, WRITES);

	if (!failed && j->right)
		failed = ring_send_fsync(j, false) || ring_reap(j, 1);
	return failed;
}

/* ---- threads ---- */

static atomic_int begun, done;

static void *write_all(void *job)
{
	struct job *j = job;
	ssize_t written;

	atomic_store(&begun, 1);
	written = pwrite(j->fd, j->data, WRITES * SIZE, 0);
	atomic_store(&done, 1);
	return written == WRITES * SIZE ? NULL : (void *)1;
}

/* The other thread's write takes many times as long as it is given here. */
static int flight_threads(struct job *j)
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

static int unsynced_pwrite(struct job *j)
{
	if (write_all(j))
		return broken("pwrite", errno);
	return j->right && fdatasync(j->fd) ? broken("fdatasync", errno) : 0;
}

/* ---- fsyncs that fail ---- */

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

static int retry_called(struct job *j)
{
	return retry(j, sync_called);
}

static int retry_libaio(struct job *j)
{
	return retry(j, sync_sent_aio);
}

static int retry_uring(struct job *j)
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
static int race(struct job *j)
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

/* ---- names ---- */

static int sync_dir(const struct job *j)
{
	char path[4096];
	int fd, failed;

	snprintf(path, sizeof(path), "%s", j->path);
	fd = open(dirname(path), O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return broken(path, errno);
	failed = fsync(fd) ? broken("fsync of the directory", errno) : 0;
	close(fd);
	return failed;
}

/* Beside FILE: FILE.new, and FILE.tmp for a while. Returns what to write to. */
static int beside(const struct job *j, const char *suffix, char *path)
{
	int fd;

	snprintf(path, 4096, "%s.%s", j->path, suffix);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	if (fd < 0)
		broken(path, errno);
	return fd;
}

static int write_and_sync(const struct job *j, int fd)
{
	if (pwrite(fd, j->data, 4096, 0) != 4096 || fsync(fd))
		return broken("pwrite, fsync", errno);
	return 0;
}

static int name_create(struct job *j)
{
	char path[4096];
	int fd = beside(j, "new", path);

	if (fd < 0 || write_and_sync(j, fd) || close(fd))
		return 1;
	return j->right ? sync_dir(j) : 0;
}

static int name_rename(struct job *j)
{
	char from[4096], to[4096];
	int fd = beside(j, "tmp", from);

	snprintf(to, sizeof(to), "%s.new", j->path);
	if (fd < 0 || write_and_sync(j, fd) || close(fd))
		return 1;
	if (rename(from, to))
		return broken("rename", errno);
	return j->right ? sync_dir(j) : 0;
}

/* A file without a name gets one when all of it is there. */
static int name_link(struct job *j)
{
	char dir[4096], from[32], to[4096];
	int fd;

	snprintf(dir, sizeof(dir), "%s", j->path);
	snprintf(to, sizeof(to), "%s.new", j->path);
	unlink(to);
	fd = open(dirname(dir), O_WRONLY | O_TMPFILE, 0600);
	if (fd < 0)
		return broken("O_TMPFILE", errno);
	snprintf(from, sizeof(from), "/proc/self/fd/%d", fd);
	if (write_and_sync(j, fd))
		return 1;
	if (linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW))
		return broken("linkat", errno);
	close(fd);
	return j->right ? sync_dir(j) : 0;
}

/* ---- */

static const struct mistake {
	const char *name;
	int (*make)(struct job *j);
} mistakes[] = {
	{ "flight-libaio", flight_libaio },
	{ "flight-libaio-sent", flight_libaio_sent },
	{ "flight-uring", flight_uring },
	{ "flight-threads", flight_threads },
	{ "unsynced-libaio", unsynced_libaio },
	{ "unsynced-uring", unsynced_uring },
	{ "unsynced-pwrite", unsynced_pwrite },
	{ "retry", retry_called },
	{ "retry-libaio", retry_libaio },
	{ "retry-uring", retry_uring },
	{ "race", race },
	{ "name-create", name_create },
	{ "name-rename", name_rename },
	{ "name-link", name_link },
	{}
};

static int prepare(struct job *j, const char *path)
{
	int ret;

	unlink(path);
	j->path = path;
	j->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_DIRECT, 0600);
	if (j->fd < 0 || fallocate(j->fd, 0, 0, (off_t)WRITES * SIZE) || fsync(j->fd))
		return broken(path, errno);
	if (sync_dir(j))
		return 1;
	ret = posix_memalign((void **)&j->data, 4096, WRITES * SIZE);
	if (ret)
		return broken("memory", ret);
	memset(j->data, 'm', WRITES * SIZE);
	ret = -io_setup(2 * WRITES, &j->aio);
	if (!ret)
		ret = -io_uring_queue_init(2 * WRITES, &j->ring, 0);
	return ret ? broken("the rings", ret) : 0;
}

static int make(const struct mistake *mistake, bool right, const char *path)
{
	struct job j = { .right = right };
	int failed = prepare(&j, path) || mistake->make(&j);

	if (failed)
		return 1;
	/* Whatever these hold of the file is gone before it is closed. */
	io_uring_queue_exit(&j.ring);
	io_destroy(j.aio);
	free(j.data);
	return close(j.fd) ? broken("close", errno) : 0;
}

int main(int argc, char **argv)
{
	bool right = argc == 4 && !strcmp(argv[1], "-r");
	bool list = argc == 2 && !strcmp(argv[1], "-l");
	const struct mistake *m;

	for (m = mistakes; m->name; m++) {
		if (list)
			puts(m->name);
		else if (argc == 3 + right && !strcmp(m->name, argv[1 + right]))
			return make(m, right, argv[2 + right]);
	}
	if (list)
		return 0;
	fprintf(stderr, "usage: misuse [-r] CASE FILE; misuse -l\n");
	return 2;
}
