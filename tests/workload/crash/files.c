// SPDX-License-Identifier: GPL-2.0
/*
 * The files that everybody writes: each a mixture of preallocated space, holes
 * and blocks that are written already; and the books about them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "write.h"

#define SEGMENTS 32 /* of a new file, each of one kind */

uint64_t next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return *state >> 33;
}

/* ---- the books; under the file's lock ---- */

static int add_done(struct file *file, const struct range *range)
{
	if (file->nr_done == file->done_size) {
		size_t size = file->done_size * 2 + 64;
		struct range *done = realloc(file->done, size * sizeof(*done));

		if (!done)
			return -ENOMEM;
		file->done = done;
		file->done_size = size;
	}
	file->done[file->nr_done++] = *range;
	return 0;
}

static void set_gens(struct file *file, const struct range *range, bool zeros)
{
	for (uint32_t i = 0; i < range->count; i++) {
		uint64_t *gen = &file->gens[range->first + i];

		file->written += (!zeros) - (*gen != 0);
		*gen = zeros ? 0 : range->gen;
	}
}

static void set_busy(struct file *file, const struct range *range, bool busy)
{
	memset(file->busy + range->first, busy, range->count * sizeof(*file->busy));
}

static bool is_free(const struct file *file, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (file->busy[first + i])
			return false;
	return true;
}

/* ---- promises ---- */

int files_sync(struct files *files, int (*call)(int), int fd)
{
	int ret;

	if (files->one_sync)
		pthread_mutex_lock(&files->sync_lock);
	ret = call(fd) ? -errno : 0;
	if (files->one_sync)
		pthread_mutex_unlock(&files->sync_lock);
	return ret;
}

static int note_range(struct files *files, const struct file *file, const struct range *range)
{
	return notes_add(&files->notes, "p %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu64 "\n",
			 file->id, range->first, range->count, range->gen);
}

int file_promise(struct files *files, struct file *file, size_t done)
{
	bool any;
	int ret = 0;

	pthread_mutex_lock(&files->notes_lock);
	pthread_mutex_lock(&file->lock);
	any = file->promised < done;
	for (; !ret && file->promised < done; file->promised++)
		ret = note_range(files, file, &file->done[file->promised]);
	pthread_mutex_unlock(&file->lock);
	if (!ret && any)
		ret = notes_mark(&files->notes, &files->last_gen);
	pthread_mutex_unlock(&files->notes_lock);
	return ret;
}

int file_promise_one(struct files *files, struct file *file, const struct range *range)
{
	int ret;

	pthread_mutex_lock(&files->notes_lock);
	ret = note_range(files, file, range);
	if (!ret)
		ret = notes_mark(&files->notes, &files->last_gen);
	pthread_mutex_unlock(&files->notes_lock);
	return ret;
}

/* A line that must be there before what it announces. */
static int announce(struct files *files, const struct file *file, const struct range *zeros)
{
	int ret;

	pthread_mutex_lock(&files->notes_lock);
	if (zeros)
		ret = notes_add(&files->notes,
				"z %" PRIu32 " %" PRIu32 " %" PRIu32 " %" PRIu64 "\n", file->id,
				zeros->first, zeros->count, zeros->gen);
	else
		ret = notes_add(&files->notes, "- %" PRIu32 "\n", file->id);
	if (!ret)
		ret = notes_flush(&files->notes);
	pthread_mutex_unlock(&files->notes_lock);
	return ret;
}

/* ---- operations ---- */

static bool find(struct files *files, struct file *file, const struct pick *pick, uint64_t *random,
		 struct range *range)
{
	uint32_t room = files->blocks - pick->count + 1;

	range->count = pick->count;
	range->first = pick->at < room ? pick->at : room - 1;
	for (int try = 0; try < 16; try++) {
		bool fits = is_free(file, range->first, range->count);

		/* Rather where nothing has been written, for the first tries. */
		if (fits && (!pick->search || try >= 12 || !file->gens[range->first]))
			return true;
		if (!pick->search && try >= 4)
			return false;
		range->first = next_random(random) % room;
	}
	return false;
}

int file_begin(struct files *files, struct file *file, const struct pick *pick, bool zeros,
	       uint64_t *random, struct range *range)
{
	int ret = -EAGAIN;

	pthread_mutex_lock(&file->lock);
	if (!file->replacing && find(files, file, pick, random, range)) {
		set_busy(file, range, true);
		file->users++;
		range->gen = ++files->last_gen;
		ret = 0;
	}
	pthread_mutex_unlock(&file->lock);
	if (!ret && zeros)
		ret = announce(files, file, range);
	return ret;
}

int file_done(struct file *file, const struct range *range, bool zeros)
{
	int ret;

	pthread_mutex_lock(&file->lock);
	set_gens(file, range, zeros);
	set_busy(file, range, false);
	ret = add_done(file, range);
	pthread_mutex_unlock(&file->lock);
	return ret;
}

int file_begin_sync(struct file *file, size_t *done)
{
	int ret = -EAGAIN;

	pthread_mutex_lock(&file->lock);
	if (!file->replacing) {
		file->users++;
		*done = file->nr_done;
		ret = 0;
	}
	pthread_mutex_unlock(&file->lock);
	return ret;
}

void file_put(struct file *file)
{
	pthread_mutex_lock(&file->lock);
	file->users--;
	pthread_mutex_unlock(&file->lock);
}

/* ---- making them; nobody else is at the file ---- */

static int prewrite(struct files *files, struct file *file, const struct range *range)
{
	size_t bytes = range->count * files->block_bytes;
	char *buffer;
	ssize_t n;

	if (posix_memalign((void **)&buffer, 4096, bytes))
		return -ENOMEM;
	for (uint32_t i = 0; i < range->count; i++)
		stamp_fill(buffer + i * files->block_bytes, files->block_bytes,
			   &(struct stamp){ file->id, range->first + i, range->gen });
	n = pwrite(file->fd, buffer, bytes, (off_t)range->first * files->block_bytes);
	free(buffer);
	if (n != (ssize_t)bytes)
		return n < 0 ? -errno : -EIO;
	set_gens(file, range, false);
	return add_done(file, range);
}

/* Of eight segments one stays a hole and one is written; the rest is unwritten. */
static int lay_out(struct files *files, struct file *file, uint64_t *random)
{
	uint32_t per_segment = files->blocks / SEGMENTS;
	off_t bytes = (off_t)per_segment * files->block_bytes;
	int ret = 0;

	if (ftruncate(file->fd, (off_t)files->blocks * files->block_bytes))
		return -errno;
	for (uint32_t i = 0; !ret && i < SEGMENTS; i++) {
		unsigned int kind = next_random(random) % 8;
		struct range range = { i * per_segment, per_segment, ++files->last_gen };

		if (kind && fallocate(file->fd, 0, i * bytes, bytes))
			return -errno;
		if (kind == 1)
			ret = prewrite(files, file, &range);
	}
	return ret;
}

static int open_all(struct files *files, struct file *file)
{
	char name[32];

	snprintf(name, sizeof(name), "f%" PRIu32, file->id);
	file->fd =
		openat(files->dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_DIRECT | O_CLOEXEC, 0644);
	if (file->fd >= 0)
		file->dsync_fd =
			openat(files->dir_fd, name, O_RDWR | O_DIRECT | O_DSYNC | O_CLOEXEC);
	if (file->dsync_fd >= 0)
		file->buffered_fd = openat(files->dir_fd, name, O_RDWR | O_CLOEXEC);
	return file->fd < 0 || file->dsync_fd < 0 || file->buffered_fd < 0 ? -errno : 0;
}

static int create(struct files *files, struct file *file, uint64_t *random)
{
	int ret;

	file->id = ++files->last_id;
	file->written = 0;
	file->nr_done = 0;
	file->promised = 0;
	memset(file->gens, 0, files->blocks * sizeof(*file->gens));
	ret = open_all(files, file);
	if (!ret)
		ret = lay_out(files, file, random);
	if (!ret)
		ret = files_sync(files, fsync, file->fd);
	if (!ret)
		ret = files_sync(files, fsync, files->dir_fd);
	if (ret)
		return ret;

	pthread_mutex_lock(&files->notes_lock);
	ret = notes_add(&files->notes, "+ %" PRIu32 "\n", file->id);
	for (; !ret && file->promised < file->nr_done; file->promised++)
		ret = note_range(files, file, &file->done[file->promised]);
	if (!ret)
		ret = notes_mark(&files->notes, &files->last_gen);
	pthread_mutex_unlock(&files->notes_lock);
	return ret;
}

static int remove_old(struct files *files, struct file *file)
{
	char name[32];
	int ret = announce(files, file, NULL);

	snprintf(name, sizeof(name), "f%" PRIu32, file->id);
	if (!ret && unlinkat(files->dir_fd, name, 0))
		ret = -errno;
	close(file->fd);
	close(file->dsync_fd);
	close(file->buffered_fd);
	return ret;
}

int file_replace(struct files *files, struct file *file, uint64_t *random)
{
	int ret;

	pthread_mutex_lock(&file->lock);
	if (files->fixed || file->replacing || file->users ||
	    file->written < files->blocks / 8 * 7) {
		pthread_mutex_unlock(&file->lock);
		return -EAGAIN;
	}
	file->replacing = true;
	pthread_mutex_unlock(&file->lock);

	ret = remove_old(files, file);
	if (!ret)
		ret = create(files, file, random);

	pthread_mutex_lock(&file->lock);
	file->replacing = false;
	pthread_mutex_unlock(&file->lock);
	return ret;
}

int files_open(struct files *files, unsigned int nr, uint64_t *random)
{
	int ret = 0;

	files->dir_fd = open(files->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (files->dir_fd < 0)
		return -errno;
	files->all = calloc(nr, sizeof(*files->all));
	if (!files->all)
		return -ENOMEM;
	for (unsigned int i = 0; !ret && i < nr; i++) {
		struct file *file = &files->all[i];

		pthread_mutex_init(&file->lock, NULL);
		file->busy = calloc(files->blocks, sizeof(*file->busy));
		file->gens = calloc(files->blocks, sizeof(*file->gens));
		if (!file->busy || !file->gens)
			return -ENOMEM;
		ret = create(files, file, random);
		files->nr = i + 1;
	}
	return ret;
}
