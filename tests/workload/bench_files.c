// SPDX-License-Identifier: GPL-2.0
/*
 * The files that make bench-patch writes to: one process for what would take
 * half a dozen before each of a thousand short runs.
 *
 *   bench_files fresh BYTES WRITTEN FILE...   each anew: BYTES preallocated, the
 *       first WRITTEN of them written; on the device when this ends
 *   bench_files blocks FILE...
 *
 * Both print how many blocks of 4 KiB of all these files are written and
 * unwritten: "100 28".
 *
 * Exit status: 0 fine, 2 usage, 3 error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define CHUNK (1 << 20)
#define EXTENTS 512

static int fail(const char *what, const char *file)
{
	fprintf(stderr, "bench_files: %s: %s: %s\n", file, what, strerror(errno));
	return 3;
}

static int open_file(const char *file, int flags)
{
	int fd = open(file, flags, 0644);

	if (fd < 0)
		fail("open", file);
	return fd;
}

/* Every file first, then one commit: freed blocks are not free before it. */
static int empty(char **files)
{
	int fd = -1;

	for (; *files; files++) {
		if (fd >= 0)
			close(fd);
		fd = open_file(*files, O_WRONLY | O_CREAT | O_TRUNC);
		if (fd < 0)
			return 3;
	}
	if (syncfs(fd))
		return fail("syncfs", files[-1]);
	close(fd);
	return 0;
}

static int fill(const char *file, off_t bytes, off_t written)
{
	int fd = open_file(file, O_WRONLY | O_DIRECT);
	char *zeros;

	if (fd < 0)
		return 3;
	if (fallocate(fd, 0, 0, bytes))
		return fail("fallocate", file);
	zeros = aligned_alloc(4096, CHUNK);
	if (!zeros)
		return fail("memory", file);
	memset(zeros, 0, CHUNK);
	for (off_t at = 0; at < written; at += CHUNK) {
		size_t size = written - at < CHUNK ? (size_t)(written - at) : CHUNK;

		if (pwrite(fd, zeros, size, at) != (ssize_t)size)
			return fail("write", file);
	}
	free(zeros);
	close(fd);
	return 0;
}

static int count_blocks(const char *file, struct fiemap *map, unsigned long long *written,
			unsigned long long *unwritten)
{
	int fd = open_file(file, O_RDONLY), last = 0;
	unsigned long long at = 0;

	if (fd < 0)
		return 3;
	while (!last) {
		memset(map, 0, sizeof(*map));
		map->fm_start = at;
		map->fm_length = FIEMAP_MAX_OFFSET - at;
		map->fm_extent_count = EXTENTS;
		if (ioctl(fd, FS_IOC_FIEMAP, map))
			return fail("FIEMAP", file);
		if (!map->fm_mapped_extents)
			break;
		for (unsigned int i = 0; i < map->fm_mapped_extents; i++) {
			const struct fiemap_extent *e = &map->fm_extents[i];

			if (e->fe_flags & FIEMAP_EXTENT_UNWRITTEN)
				*unwritten += e->fe_length / 4096;
			else
				*written += e->fe_length / 4096;
			at = e->fe_logical + e->fe_length;
			last = e->fe_flags & FIEMAP_EXTENT_LAST;
		}
	}
	close(fd);
	return 0;
}

static int blocks(char **files)
{
	struct fiemap *map = malloc(sizeof(*map) + EXTENTS * sizeof(map->fm_extents[0]));
	unsigned long long written = 0, unwritten = 0;
	int ret = 0;

	if (!map)
		return fail("memory", files[0]);
	for (; !ret && *files; files++)
		ret = count_blocks(*files, map, &written, &unwritten);
	free(map);
	if (!ret)
		printf("%llu %llu\n", written, unwritten);
	return ret;
}

static int fresh(off_t bytes, off_t written, char **files)
{
	int fd, ret = empty(files);

	for (char **file = files; !ret && *file; file++)
		ret = fill(*file, bytes, written);
	if (ret)
		return ret;
	fd = open_file(files[0], O_RDONLY);
	if (fd < 0)
		return 3;
	if (syncfs(fd))
		return fail("syncfs", files[0]);
	close(fd);
	return blocks(files);
}

int main(int argc, char **argv)
{
	if (argc > 4 && !strcmp(argv[1], "fresh"))
		return fresh(atoll(argv[2]), atoll(argv[3]), argv + 4);
	if (argc > 2 && !strcmp(argv[1], "blocks"))
		return blocks(argv + 2);
	fprintf(stderr, "usage: bench_files fresh BYTES WRITTEN FILE... | blocks FILE...\n");
	return 2;
}
