// SPDX-License-Identifier: GPL-2.0
/* What the file system tells about the blocks of a file in the window. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "window.h"

/* Cached zeros count as data, so there must be none. */
static int drop_cache(struct window *w)
{
	close_mapping(w);
	return posix_fadvise(w->fd, 0, 0, POSIX_FADV_DONTNEED) ? wrong(w, "fadvise failed") : 0;
}

static int expect_seek(struct window *w, off_t from, int whence, off_t expected)
{
	off_t at = lseek(w->fd, from, whence);

	if (at == expected)
		return 0;
	return wrong(w, "%s found %lld", whence == SEEK_DATA ? "SEEK_DATA" : "SEEK_HOLE",
		     (long long)at);
}

static int case_seek_data(struct window *w)
{
	int ret = drop_cache(w);

	if (!ret)
		ret = expect_seek(w, 0, SEEK_DATA, WRITTEN_AT);
	return ret ? ret : expect_seek(w, WRITTEN_AT, SEEK_HOLE, WRITTEN_AT + WRITTEN_BYTES);
}

static int case_seek_hole(struct window *w)
{
	int ret = drop_cache(w);

	return ret ? ret : expect_seek(w, WRITTEN_AT, SEEK_HOLE, WRITTEN_AT + WRITTEN_BYTES);
}

static int fiemap(struct window *w, uint32_t flags)
{
	struct {
		struct fiemap head;
		struct fiemap_extent extents[COUNT];
	} map = { .head = { .fm_start = WRITTEN_AT, .fm_length = WRITTEN_BYTES,
			    .fm_flags = flags, .fm_extent_count = COUNT } };

	if (ioctl(w->fd, FS_IOC_FIEMAP, &map))
		return broken(w, "FS_IOC_FIEMAP");
	if (!map.head.fm_mapped_extents)
		return wrong(w, "no extents");
	for (uint32_t i = 0; i < map.head.fm_mapped_extents; i++)
		if (map.extents[i].fe_flags & FIEMAP_EXTENT_UNWRITTEN)
			return wrong(w, "reported as unwritten");
	return 0;
}

static int case_fiemap(struct window *w)
{
	return fiemap(w, 0);
}

static int case_fiemap_sync(struct window *w)
{
	return fiemap(w, FIEMAP_FLAG_SYNC);
}

static int case_fibmap(struct window *w)
{
	int block_size, block;

	if (ioctl(w->fd, FIGETBSZ, &block_size))
		return broken(w, "FIGETBSZ");
	block = WRITTEN_AT / block_size;
	if (ioctl(w->fd, FIBMAP, &block))
		return broken(w, "FIBMAP");
	return block ? 0 : wrong(w, "reported as a hole");
}

const struct window_case report_cases[] = {
	CASE(seek_data, "seek"),
	CASE(seek_hole, "seek"),
	CASE(fiemap, "fiemap"),
	CASE(fiemap_sync, "fiemap"),
	CASE(fibmap, "bmap"),
	{ 0 },
};
