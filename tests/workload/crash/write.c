// SPDX-License-Identifier: GPL-2.0
/* Several threads write the same files in different ways, and note what each sync promised. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "write.h"

#define MAX_WORKERS 16

struct writing {
	struct files files;
	uint64_t marks;	       /* then it ends */
	unsigned int per_sync; /* writes, on average */
	bool quiet;	       /* nothing is under way when a sync begins */
	_Atomic bool stop;
	_Atomic int error;
};

struct worker {
	struct writing *writing;
	pthread_t thread;
	uint64_t random;
	struct queue queue;
	struct op ops[DEPTH];
	struct op *idle[DEPTH];
	unsigned int nr_idle, depth;
	struct file *file; /* that it is at */
	uint32_t cursor;   /* of sequential writes */
	bool sequential;
	unsigned int left; /* writes to the next sync */
	uint64_t writes, syncs;
};

static unsigned int below(struct worker *worker, unsigned int n)
{
	return next_random(&worker->random) % n;
}

static int fail(const char *what, int err)
{
	fprintf(stderr, "crash: %s: %s\n", what, strerror(-err));
	return err;
}

/* ---- writes ---- */

static uint32_t pick_count(struct worker *worker)
{
	static const unsigned int sizes[] = { 1, 1, 4096, 4096, 4096, 8192, 16384, 65536 };
	uint32_t bytes = sizes[below(worker, ARRAY_SIZE(sizes))];
	size_t block = worker->writing->files.block_bytes;

	return bytes <= block ? 1 : bytes / block;
}

static int start_write(struct worker *worker, struct op *op)
{
	struct files *files = &worker->writing->files;
	struct pick pick = { .count = pick_count(worker) };
	int ret;

	pick.at = worker->sequential ? worker->cursor : below(worker, files->blocks);
	pick.search = !worker->sequential && below(worker, 8);
	ret = file_begin(files, worker->file, &pick, false, &worker->random, &op->range);
	if (ret)
		return ret;
	worker->cursor = (op->range.first + op->range.count) % files->blocks;
	op->kind = OP_WRITE;
	if (!worker->writing->quiet && !files->one_sync && !below(worker, 32))
		op->kind = OP_DSYNC_WRITE;
	op->file = worker->file;
	op->bytes = op->range.count * files->block_bytes;
	op->at = (off_t)op->range.first * files->block_bytes;
	for (uint32_t i = 0; i < op->range.count; i++)
		stamp_fill(op->buffer + i * files->block_bytes, files->block_bytes,
			   &(struct stamp){ op->file->id, op->range.first + i, op->range.gen });
	worker->writes++;
	return worker->queue.engine->submit(&worker->queue, op);
}

static int finish_op(struct worker *worker, struct op *op)
{
	struct files *files = &worker->writing->files;
	bool write = op->kind == OP_WRITE || op->kind == OP_DSYNC_WRITE;
	int ret;

	if (op->result != (write ? (long)op->bytes : 0))
		return fail(write ? "write" : "sync", op->result < 0 ? op->result : -EIO);
	if (write) {
		ret = file_done(op->file, &op->range, false);
		if (!ret && op->kind == OP_DSYNC_WRITE)
			ret = file_promise_one(files, op->file, &op->range);
	} else {
		ret = file_promise(files, op->file, op->done);
	}
	file_put(op->file);
	return ret;
}

static int reap_one(struct worker *worker)
{
	struct op *op;
	int ret = worker->queue.engine->reap(&worker->queue, &op);

	if (ret)
		return fail("reap", ret);
	worker->idle[worker->nr_idle++] = op;
	return finish_op(worker, op);
}

static int reap_until(struct worker *worker, unsigned int in_flight)
{
	int ret = 0;

	while (!ret && worker->depth - worker->nr_idle > in_flight)
		ret = reap_one(worker);
	return ret;
}

/* ---- syncs, and what else goes on ---- */

static int sync_by_call(struct worker *worker, int (*call)(int))
{
	size_t done;
	int ret = file_begin_sync(worker->file, &done);

	if (ret)
		return ret;
	ret = files_sync(&worker->writing->files, call, worker->file->fd);
	if (ret)
		fail("sync", ret);
	else
		ret = file_promise(&worker->writing->files, worker->file, done);
	file_put(worker->file);
	return ret;
}

static int sync_by_queue(struct worker *worker)
{
	struct op *op;
	int ret = worker->nr_idle ? 0 : reap_one(worker);

	if (ret)
		return ret;
	op = worker->idle[worker->nr_idle - 1];
	ret = file_begin_sync(worker->file, &op->done);
	if (ret)
		return ret;
	worker->nr_idle--;
	op->kind = below(worker, 2) ? OP_FSYNC : OP_FDATASYNC;
	op->file = worker->file;
	return worker->queue.engine->submit(&worker->queue, op);
}

/* Promises what is done of every file. */
static int sync_all(struct worker *worker)
{
	struct files *files = &worker->writing->files;
	size_t done[files->nr];
	bool held[files->nr];
	int ret;

	for (unsigned int i = 0; i < files->nr; i++)
		held[i] = !file_begin_sync(&files->all[i], &done[i]);
	ret = files_sync(files, syncfs, files->dir_fd);
	if (ret)
		fail("syncfs", ret);
	for (unsigned int i = 0; i < files->nr; i++) {
		if (!held[i])
			continue;
		if (!ret)
			ret = file_promise(files, &files->all[i], done[i]);
		file_put(&files->all[i]);
	}
	return ret;
}

/* Writes may have completed and not been converted yet: they must not come back. */
static int make_zeros(struct worker *worker)
{
	static const int modes[] = { FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE,
				     FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE };
	struct files *files = &worker->writing->files;
	struct pick pick = { below(worker, files->blocks), 1 + below(worker, files->blocks / 16),
			     false };
	struct range range;
	int ret = file_begin(files, worker->file, &pick, true, &worker->random, &range);

	if (ret)
		return ret;
	if (fallocate(worker->file->fd, modes[below(worker, 2)],
		      (off_t)range.first * files->block_bytes,
		      (off_t)range.count * files->block_bytes))
		ret = fail("fallocate", -errno);
	else
		ret = file_done(worker->file, &range, true);
	file_put(worker->file);
	return ret;
}

static int do_sync(struct worker *worker)
{
	struct writing *writing = worker->writing;
	unsigned int what = below(worker, 32);
	int ret;

	ret = reap_until(worker, writing->quiet ? 0 : below(worker, worker->depth + 1));
	if (ret)
		return ret;
	worker->syncs++;
	if (writing->quiet)
		return sync_by_call(worker, what < 16 ? fsync : fdatasync);
	if (what < 3 && !writing->files.fixed)
		return make_zeros(worker);
	if (what < 4)
		return sync_all(worker);
	/* No promise: it must do no harm. */
	if (what < 6)
		return sync_file_range(worker->file->fd, 0, 0, SYNC_FILE_RANGE_WRITE)
			       ? fail("sync_file_range", -errno)
			       : 0;
	if (what < 18 && worker->queue.engine->async && !writing->files.one_sync)
		return sync_by_queue(worker);
	return sync_by_call(worker, what % 3 ? fsync : fdatasync);
}

/* ---- one thread ---- */

static int move_on(struct worker *worker)
{
	struct files *files = &worker->writing->files;
	int ret;

	worker->file = &files->all[below(worker, files->nr)];
	worker->left = 1 + below(worker, worker->writing->per_sync * 2);
	worker->sequential = !below(worker, 3);
	worker->cursor = below(worker, files->blocks);
	ret = file_replace(files, worker->file, &worker->random);
	return ret == -EAGAIN ? 0 : ret;
}

static int step(struct worker *worker)
{
	int ret = 0;

	if (!worker->left) {
		ret = do_sync(worker);
		if (!ret || ret == -EAGAIN)
			ret = move_on(worker);
		return ret;
	}
	if (!worker->nr_idle)
		return reap_one(worker);
	worker->left--;
	ret = start_write(worker, worker->idle[worker->nr_idle - 1]);
	if (!ret)
		worker->nr_idle--;
	if (ret != -EAGAIN)
		return ret;
	/* No room at this file now; quiet ones must sync what they have written. */
	if (worker->writing->quiet) {
		worker->left = 0;
		return 0;
	}
	if (worker->nr_idle < worker->depth)
		ret = reap_one(worker);
	else
		ret = usleep(1000);
	return ret ? ret : move_on(worker);
}

static int open_worker(struct worker *worker)
{
	worker->depth = DEPTH;
	for (unsigned int i = 0; i < worker->depth; i++) {
		if (posix_memalign((void **)&worker->ops[i].buffer, 4096, MAX_WRITE))
			return -ENOMEM;
		worker->idle[worker->nr_idle++] = &worker->ops[i];
	}
	return worker->queue.engine->open(&worker->queue);
}

static void *run(void *arg)
{
	struct worker *worker = arg;
	struct writing *writing = worker->writing;
	int ret = open_worker(worker);

	if (!ret)
		ret = move_on(worker);
	while (!ret && !writing->stop) {
		ret = step(worker);
		if (writing->files.notes.marks >= writing->marks)
			writing->stop = true;
	}
	if (!ret)
		ret = reap_until(worker, 0);
	if (ret) {
		writing->error = ret;
		writing->stop = true;
	} else {
		worker->queue.engine->close(&worker->queue);
	}
	return NULL;
}

/* ---- all of them ---- */

static int run_all(struct writing *writing, char *names, uint64_t seed)
{
	static struct worker workers[MAX_WORKERS];
	unsigned int nr = 0;
	char *name;
	int ret;

	for (name = strtok(names, ","); name && nr < MAX_WORKERS; name = strtok(NULL, ",")) {
		workers[nr].writing = writing;
		workers[nr].random = seed * 1000 + nr;
		workers[nr].queue.engine = engine_find(name);
		/* Two blocks of a page, one of them in the cache: nobody promises anything. */
		if (!workers[nr].queue.engine ||
		    (workers[nr].queue.engine->buffered &&
		     writing->files.block_bytes % sysconf(_SC_PAGESIZE)))
			return fail(name, -EINVAL);
		nr++;
	}
	for (unsigned int i = 0; i < nr; i++) {
		ret = -pthread_create(&workers[i].thread, NULL, run, &workers[i]);
		if (ret)
			return fail("thread", ret);
	}
	for (unsigned int i = 0; i < nr; i++) {
		pthread_join(workers[i].thread, NULL);
		printf("%s: %" PRIu64 " writes, %" PRIu64 " syncs\n", workers[i].queue.engine->name,
		       workers[i].writes, workers[i].syncs);
	}
	printf("marks %" PRIu64 " files %" PRIu32 "\n", writing->files.notes.marks,
	       writing->files.last_id);
	return writing->error;
}

static const struct option options[] = {
	{ "block", required_argument, NULL, 'b' },
	{ "file-size", required_argument, NULL, 's' },
	{ "files", required_argument, NULL, 'f' },
	{ "keep", no_argument, NULL, 'k' },
	{ "log", required_argument, NULL, 'l' },
	{ "marks", required_argument, NULL, 'm' },
	{ "one-sync", no_argument, NULL, 'o' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "seed", required_argument, NULL, 'S' },
	{ "workers", required_argument, NULL, 'w' },
	{},
};

int cmd_write(int argc, char **argv)
{
	static char workers[256] = "libaio,libaio,io_uring,io_uring,pwrite,buffered";
	static struct writing writing = {
		.marks = 1000,
		.per_sync = 12,
		.files = { .block_bytes = 4096,
			   .notes_lock = PTHREAD_MUTEX_INITIALIZER,
			   .sync_lock = PTHREAD_MUTEX_INITIALIZER },
	};
	unsigned long file_size = 2 << 20, nr_files = 4;
	uint64_t seed = 1, random;
	const char *log = NULL;
	int option, ret;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'b':
			writing.files.block_bytes = strtoul(optarg, NULL, 0);
			break;
		case 's':
			file_size = strtoul(optarg, NULL, 0);
			break;
		case 'f':
			nr_files = strtoul(optarg, NULL, 0);
			break;
		case 'k':
			writing.files.fixed = true;
			break;
		case 'l':
			log = optarg;
			break;
		case 'm':
			writing.marks = strtoull(optarg, NULL, 0);
			break;
		case 'o':
			writing.files.one_sync = true;
			break;
		case 'q':
			writing.quiet = writing.files.fixed = true;
			break;
		case 'S':
			seed = strtoull(optarg, NULL, 0);
			break;
		case 'w':
			snprintf(workers, sizeof(workers), "%s", optarg);
			break;
		default:
			return -EINVAL;
		}
	}
	if (argc - optind != 2 || !nr_files || writing.files.block_bytes < 512 ||
	    writing.files.block_bytes > MAX_BLOCK || file_size < 32 * MAX_WRITE)
		return -EINVAL;
	random = seed;
	writing.files.dir = argv[optind];
	writing.files.blocks = file_size / writing.files.block_bytes;
	ret = notes_open(&writing.files.notes, argv[optind + 1], log, writing.files.block_bytes,
			 writing.files.blocks);
	if (ret)
		return fail(argv[optind + 1], ret);
	ret = files_open(&writing.files, nr_files, &random);
	if (ret)
		return fail(argv[optind], ret);
	ret = run_all(&writing, workers, seed);
	notes_close(&writing.files.notes);
	return ret ? -EIO : 0;
}
