// SPDX-License-Identifier: GPL-2.0
/*
 * Writes into preallocated space with libaio, and says what fsync promised.
 *
 *   promise write FILE BLOCKS PER_FSYNC   each block once, in random order; a
 *       line "promised FIRST COUNT" for each fsync that returned 0: the blocks
 *       at places FIRST .. FIRST + COUNT - 1 of that order are safe from now on
 *   promise verify FILE BLOCKS COUNT      after a crash: the first COUNT blocks
 *       of the order hold what was written, every other block that or zeros
 *
 * Exit status: 0 fine, 1 data is missing or old data shows, 2 usage, 3 error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libaio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES 4096
#define DEPTH 16

static int fail(const char *what, int err)
{
	fprintf(stderr, "promise: %s: %s\n", what, strerror(err));
	return 3;
}

/* The same random order in every process: a linear congruential shuffle. */
static uint32_t *block_order(uint32_t blocks)
{
	uint32_t *order = malloc(blocks * sizeof(*order));
	uint64_t state = 20090918;

	if (!order)
		return NULL;
	for (uint32_t i = 0; i < blocks; i++)
		order[i] = i;
	for (uint32_t i = blocks - 1; i > 0; i--) {
		uint32_t j, swap;

		state = state * 6364136223846793005ULL + 1442695040888963407ULL;
		j = (state >> 33) % (i + 1);
		swap = order[i];
		order[i] = order[j];
		order[j] = swap;
	}
	return order;
}

static void fill(uint64_t *words, uint32_t block)
{
	for (unsigned int i = 0; i < BLOCK_BYTES / sizeof(*words); i++)
		words[i] = (uint64_t)block << 32 | (0xc0000000u + i);
}

/* Writes order[first .. first + count - 1], at most DEPTH at a time. */
static int write_batch(io_context_t ctx, int fd, char *buffers,
		       const uint32_t *order, uint32_t count)
{
	struct iocb iocbs[DEPTH], *one;
	struct io_event event;
	uint32_t next = 0, done = 0;
	int idle[DEPTH], idles = 0, ret;

	for (int i = 0; i < DEPTH; i++)
		idle[idles++] = i;
	while (done < count) {
		while (idles && next < count) {
			int slot = idle[--idles];
			char *buffer = buffers + slot * BLOCK_BYTES;

			fill((uint64_t *)buffer, order[next]);
			io_prep_pwrite(&iocbs[slot], fd, buffer, BLOCK_BYTES,
				       (long long)order[next] * BLOCK_BYTES);
			one = &iocbs[slot];
			ret = io_submit(ctx, 1, &one);
			if (ret != 1)
				return ret < 0 ? -ret : EIO;
			next++;
		}
		ret = io_getevents(ctx, 1, 1, &event, NULL);
		if (ret != 1)
			return ret < 0 ? -ret : EIO;
		if (event.res != BLOCK_BYTES)
			return (long)event.res < 0 ? -(long)event.res : EIO;
		idle[idles++] = event.obj - iocbs;
		done++;
	}
	return 0;
}

static int do_write(const char *path, uint32_t blocks, uint32_t per_fsync,
		    const uint32_t *order)
{
	io_context_t ctx = NULL;
	char *buffers;
	int fd, ret;

	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_DIRECT, 0644);
	if (fd < 0)
		return fail(path, errno);
	ret = posix_fallocate(fd, 0, (off_t)blocks * BLOCK_BYTES);
	if (ret)
		return fail("fallocate", ret);
	if (fsync(fd))
		return fail("fsync", errno);
	if (posix_memalign((void **)&buffers, BLOCK_BYTES, DEPTH * BLOCK_BYTES))
		return fail("buffers", ENOMEM);
	ret = io_setup(DEPTH, &ctx);
	if (ret)
		return fail("io_setup", -ret);

	for (uint32_t first = 0; first < blocks; first += per_fsync) {
		uint32_t count = blocks - first < per_fsync ? blocks - first : per_fsync;

		ret = write_batch(ctx, fd, buffers, order + first, count);
		if (ret)
			return fail("write", ret);
		if (fsync(fd))
			return fail("fsync", errno);
		printf("promised %u %u\n", first, count);
		fflush(stdout);
	}
	io_destroy(ctx);
	free(buffers);
	close(fd);
	return 0;
}

static int do_verify(const char *path, uint32_t blocks, uint32_t promised,
		     const uint32_t *order)
{
	static uint64_t want[BLOCK_BYTES / 8], got[BLOCK_BYTES / 8], zeros[BLOCK_BYTES / 8];
	uint32_t missing = 0, old = 0;
	int fd = open(path, O_RDONLY);

	if (fd < 0)
		return fail(path, errno);
	for (uint32_t i = 0; i < blocks; i++) {
		if (pread(fd, got, BLOCK_BYTES, (off_t)order[i] * BLOCK_BYTES) != BLOCK_BYTES)
			return fail("read", errno ? errno : EIO);
		fill(want, order[i]);
		if (!memcmp(got, want, BLOCK_BYTES))
			continue;
		if (memcmp(got, zeros, BLOCK_BYTES))
			old++;
		else if (i < promised)
			missing++;
	}
	close(fd);
	printf("promised %u missing %u old %u\n", promised, missing, old);
	return missing || old;
}

int main(int argc, char **argv)
{
	uint32_t blocks, count, *order;
	int write = argc == 5 && !strcmp(argv[1], "write");

	if (!write && !(argc == 5 && !strcmp(argv[1], "verify"))) {
		fputs("usage: promise write FILE BLOCKS PER_FSYNC\n"
		      "       promise verify FILE BLOCKS PROMISED\n", stderr);
		return 2;
	}
	blocks = strtoul(argv[3], NULL, 0);
	count = strtoul(argv[4], NULL, 0);
	if (!blocks || (write && !count))
		return fail("BLOCKS and PER_FSYNC must not be 0", EINVAL);
	order = block_order(blocks);
	if (!order)
		return fail("order", ENOMEM);
	return write ? do_write(argv[2], blocks, count, order) :
		       do_verify(argv[2], blocks, count, order);
}
