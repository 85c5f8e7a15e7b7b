// SPDX-License-Identifier: GPL-2.0
/*
 * What a program finds between the completion of a direct write and the
 * conversion of its extents.
 *
 *   window DIR PENDING_FILE [CASE...]
 *
 * Every case writes some blocks of a preallocated file with libaio, waits for
 * their completion, makes sure that they are still pending (PENDING_FILE is the
 * file system's nr_aio_dio_pending, aio_dio_batch_ms must be long), and then
 * does one thing that must not see, or make, zeros or old data. The free space
 * of the file system should be full of old data.
 *
 * Prints "ok CASE", "not ok CASE - why" or "skip CASE - why"; exit status 1 if
 * a case failed, 2 usage.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libaio.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define BLOCK 4096
#define FILE_BLOCKS 64
#define FIRST 8		/* the blocks that are written */
#define COUNT 4
#define WRITTEN_AT ((off_t)FIRST * BLOCK)
#define WRITTEN_BYTES (COUNT * BLOCK)

struct window {
	char path[4096];
	const char *pending_file;
	int fd;			/* buffered */
	int direct_fd;
	char *data;		/* what was written */
	char *buffer;		/* aligned, WRITTEN_BYTES */
	char *premapped;	/* the file, mapped and read before the write */
	char why[256];
};

struct window_case {
	const char *name;
	int (*run)(struct window *w);	/* 0 ok, 1 failed (why), 77 skipped (why) */
};

static int wrong(struct window *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->why, sizeof(w->why), format, args);
	va_end(args);
	return 1;
}

static int broken(struct window *w, const char *call)
{
	return wrong(w, "%s: %s", call, strerror(errno));
}

static int skipped(struct window *w, const char *why)
{
	wrong(w, "%s", why);
	return 77;
}

static long pending(struct window *w)
{
	FILE *file = fopen(w->pending_file, "r");
	long n = -1;

	if (!file || fscanf(file, "%ld", &n) != 1)
		n = -1;
	if (file)
		fclose(file);
	return n;
}

static int is_zero(const char *p, size_t n)
{
	while (n--)
		if (*p++)
			return 0;
	return 1;
}

/* Compares what was found at the written range with what was written. */
static int expect_data(struct window *w, const char *got)
{
	if (!memcmp(got, w->data, WRITTEN_BYTES))
		return 0;
	return wrong(w, is_zero(got, WRITTEN_BYTES) ? "zeros instead of the data" : "wrong data");
}

static int expect_read(struct window *w, int fd, off_t at)
{
	if (pread(fd, w->buffer, WRITTEN_BYTES, at) != WRITTEN_BYTES)
		return broken(w, "pread");
	return expect_data(w, w->buffer);
}

static int expect_zeros(struct window *w, off_t at, size_t n)
{
	ssize_t got = pread(w->fd, w->buffer, n, at);

	if (got != (ssize_t)n)
		return broken(w, "pread");
	return is_zero(w->buffer, n) ? 0 : wrong(w, "old data at %lld", (long long)at);
}

/* ---- reading ---- */

static int case_buffered_read(struct window *w)
{
	return expect_read(w, w->fd, WRITTEN_AT);
}

static int case_direct_read(struct window *w)
{
	return expect_read(w, w->direct_fd, WRITTEN_AT);
}

static int case_nowait_read(struct window *w)
{
	struct iovec iov = { w->buffer, WRITTEN_BYTES };
	ssize_t got = preadv2(w->fd, &iov, 1, WRITTEN_AT, RWF_NOWAIT);

	if (got < 0)
		return errno == EAGAIN ? 0 : broken(w, "preadv2");
	return memcmp(w->buffer, w->data, got) ? wrong(w, "wrong data") : 0;
}

static int expect_mapped(struct window *w, int flags)
{
	char *map = mmap(NULL, WRITTEN_BYTES, PROT_READ, MAP_SHARED | flags, w->fd, WRITTEN_AT);
	int ret;

	if (map == MAP_FAILED)
		return broken(w, "mmap");
	ret = expect_data(w, map);
	munmap(map, WRITTEN_BYTES);
	return ret;
}

static int case_mmap_read(struct window *w)
{
	return expect_mapped(w, 0);
}

static int case_premapped_read(struct window *w)
{
	return expect_data(w, w->premapped + WRITTEN_AT);
}

static int case_populate(struct window *w)
{
	return expect_mapped(w, MAP_POPULATE);
}

static int case_splice(struct window *w)
{
	loff_t at = WRITTEN_AT;
	size_t done = 0;
	int ends[2];
	ssize_t n;

	if (pipe(ends))
		return broken(w, "pipe");
	while (done < WRITTEN_BYTES) {
		n = splice(w->fd, &at, ends[1], NULL, WRITTEN_BYTES - done, 0);
		if (n <= 0)
			return broken(w, "splice");
		while (n > 0) {
			ssize_t got = read(ends[0], w->buffer + done, n);

			if (got <= 0)
				return broken(w, "read");
			done += got;
			n -= got;
		}
	}
	close(ends[0]);
	close(ends[1]);
	return expect_data(w, w->buffer);
}

/* Zeros that are read ahead in the window must be gone when it is over. */
static int case_readahead(struct window *w)
{
	if (posix_fadvise(w->fd, 0, (off_t)FILE_BLOCKS * BLOCK, POSIX_FADV_WILLNEED))
		return wrong(w, "fadvise failed");
	if (readahead(w->fd, 0, (size_t)FILE_BLOCKS * BLOCK))
		return broken(w, "readahead");
	usleep(50000);
	return expect_read(w, w->fd, WRITTEN_AT);
}

static int case_closed_and_reopened(struct window *w)
{
	int ret;

	munmap(w->premapped, (size_t)FILE_BLOCKS * BLOCK);
	w->premapped = MAP_FAILED;
	close(w->fd);
	close(w->direct_fd);
	w->direct_fd = -1;
	w->fd = open(w->path, O_RDWR);
	if (w->fd < 0)
		return broken(w, "open");
	ret = expect_read(w, w->fd, WRITTEN_AT);
	return ret;
}

/* ---- writing beside ---- */

static int expect_changed(struct window *w)
{
	memcpy(w->data + 100, "changed", 7);
	/* First what others see now, then what is on the device. */
	if (expect_read(w, w->fd, WRITTEN_AT))
		return 1;
	if (fsync(w->fd))
		return broken(w, "fsync");
	if (posix_fadvise(w->fd, 0, 0, POSIX_FADV_DONTNEED))
		return wrong(w, "fadvise failed");
	return expect_read(w, w->direct_fd, WRITTEN_AT);
}

static int case_buffered_write(struct window *w)
{
	if (pwrite(w->fd, "changed", 7, WRITTEN_AT + 100) != 7)
		return broken(w, "pwrite");
	return expect_changed(w);
}

static int case_mmap_write(struct window *w)
{
	char *map = mmap(NULL, WRITTEN_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd,
			 WRITTEN_AT);

	if (map == MAP_FAILED)
		return broken(w, "mmap");
	memcpy(map + 100, "changed", 7);
	munmap(map, WRITTEN_BYTES);
	return expect_changed(w);
}

static int case_premapped_write(struct window *w)
{
	memcpy(w->premapped + WRITTEN_AT + 100, "changed", 7);
	return expect_changed(w);
}

static int case_unaligned_direct_write(struct window *w)
{
	memset(w->buffer, 'u', 512);
	if (pwrite(w->direct_fd, w->buffer, 512, WRITTEN_AT + 1024) != 512) {
		if (errno == EINVAL)
			return skipped(w, "the device has 4 KiB sectors");
		return broken(w, "pwrite");
	}
	memset(w->data + 1024, 'u', 512);
	return expect_read(w, w->direct_fd, WRITTEN_AT);
}

/* Dirty pages on both sides, written back while the list is held. */
static int case_writeback_beside(struct window *w)
{
	if (pwrite(w->fd, "before", 6, WRITTEN_AT - BLOCK) != 6 ||
	    pwrite(w->fd, "behind", 6, WRITTEN_AT + WRITTEN_BYTES) != 6)
		return broken(w, "pwrite");
	if (sync_file_range(w->fd, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
			    SYNC_FILE_RANGE_WAIT_AFTER))
		return broken(w, "sync_file_range");
	return expect_read(w, w->direct_fd, WRITTEN_AT);
}

static int case_extending_write(struct window *w)
{
	off_t end = (off_t)FILE_BLOCKS * BLOCK;

	memset(w->buffer, 'e', BLOCK);
	if (pwrite(w->direct_fd, w->buffer, BLOCK, end) != BLOCK)
		return broken(w, "pwrite");
	return expect_read(w, w->fd, WRITTEN_AT);
}

/* ---- layout ---- */

static int case_truncate_then_fallocate(struct window *w)
{
	if (ftruncate(w->fd, 0))
		return broken(w, "ftruncate");
	if (posix_fallocate(w->fd, 0, (off_t)FILE_BLOCKS * BLOCK))
		return wrong(w, "fallocate failed");
	if (pending(w))
		return wrong(w, "still pending after truncate");
	return expect_zeros(w, WRITTEN_AT, WRITTEN_BYTES);
}

static int case_truncate_up(struct window *w)
{
	if (ftruncate(w->fd, (off_t)FILE_BLOCKS * BLOCK + 100))
		return broken(w, "ftruncate");
	return expect_read(w, w->fd, WRITTEN_AT);
}

static int case_punch_hole(struct window *w)
{
	if (fallocate(w->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, WRITTEN_AT,
		      WRITTEN_BYTES))
		return broken(w, "punch hole");
	if (posix_fallocate(w->fd, WRITTEN_AT, WRITTEN_BYTES))
		return wrong(w, "fallocate failed");
	return expect_zeros(w, WRITTEN_AT, WRITTEN_BYTES);
}

static int case_zero_range(struct window *w)
{
	if (fallocate(w->fd, FALLOC_FL_ZERO_RANGE, WRITTEN_AT, WRITTEN_BYTES))
		return broken(w, "zero range");
	return expect_zeros(w, WRITTEN_AT, WRITTEN_BYTES);
}

static int case_fallocate_over(struct window *w)
{
	if (posix_fallocate(w->fd, 0, (off_t)FILE_BLOCKS * BLOCK))
		return wrong(w, "fallocate failed");
	return expect_read(w, w->fd, WRITTEN_AT);
}

static int case_collapse_range(struct window *w)
{
	if (fallocate(w->fd, FALLOC_FL_COLLAPSE_RANGE, 0, BLOCK))
		return errno == EINVAL ? skipped(w, "the allocation unit is larger than a block") :
					 broken(w, "collapse range");
	return expect_read(w, w->fd, WRITTEN_AT - BLOCK);
}

static int case_insert_range(struct window *w)
{
	if (fallocate(w->fd, FALLOC_FL_INSERT_RANGE, 0, BLOCK))
		return errno == EINVAL ? skipped(w, "the allocation unit is larger than a block") :
					 broken(w, "insert range");
	return expect_read(w, w->fd, WRITTEN_AT + BLOCK);
}

/* As in fs/ext4/ext4.h: no header of user space has it. */
struct move_extent {
	uint32_t reserved, donor_fd;
	uint64_t orig_start, donor_start, len, moved_len;
};
#define EXT4_IOC_MOVE_EXT _IOWR('f', 15, struct move_extent)

static int case_move_extent(struct window *w)
{
	struct move_extent move = { .len = FILE_BLOCKS };
	char donor[4200];
	int fd, ret;

	snprintf(donor, sizeof(donor), "%s.donor", w->path);
	fd = open(donor, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || posix_fallocate(fd, 0, (off_t)FILE_BLOCKS * BLOCK))
		return broken(w, "donor");
	unlink(donor);
	move.donor_fd = fd;
	ret = ioctl(w->fd, EXT4_IOC_MOVE_EXT, &move) ? broken(w, "EXT4_IOC_MOVE_EXT") : 0;
	if (ret && errno == EOPNOTSUPP)
		ret = skipped(w, "not supported on this file system");
	if (!ret)
		ret = expect_read(w, w->fd, WRITTEN_AT);
	if (!ret && (pread(fd, w->buffer, WRITTEN_BYTES, WRITTEN_AT) != WRITTEN_BYTES ||
		     !is_zero(w->buffer, WRITTEN_BYTES)))
		ret = wrong(w, "the donor got the conversion");
	close(fd);
	return ret;
}

/* ---- reporting ---- */

/* Cached zeros count as data, so there must be none. */
static int case_seek_data(struct window *w)
{
	off_t at;

	munmap(w->premapped, (size_t)FILE_BLOCKS * BLOCK);
	w->premapped = MAP_FAILED;
	if (posix_fadvise(w->fd, 0, 0, POSIX_FADV_DONTNEED))
		return wrong(w, "fadvise failed");
	at = lseek(w->fd, 0, SEEK_DATA);
	if (at != WRITTEN_AT)
		return wrong(w, "SEEK_DATA found %lld", (long long)at);
	at = lseek(w->fd, WRITTEN_AT, SEEK_HOLE);
	if (at != WRITTEN_AT + WRITTEN_BYTES)
		return wrong(w, "SEEK_HOLE found %lld", (long long)at);
	return 0;
}

static int case_fiemap(struct window *w)
{
	struct {
		struct fiemap head;
		struct fiemap_extent extents[COUNT];
	} map = { .head = { .fm_start = WRITTEN_AT, .fm_length = WRITTEN_BYTES,
			    .fm_extent_count = COUNT } };

	if (ioctl(w->fd, FS_IOC_FIEMAP, &map))
		return broken(w, "FS_IOC_FIEMAP");
	if (!map.head.fm_mapped_extents)
		return wrong(w, "no extents");
	for (uint32_t i = 0; i < map.head.fm_mapped_extents; i++)
		if (map.extents[i].fe_flags & FIEMAP_EXTENT_UNWRITTEN)
			return wrong(w, "reported as unwritten");
	return 0;
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

static int case_copy_file_range(struct window *w)
{
	char copy[4200];
	off_t from = WRITTEN_AT, to = 0;
	int fd, ret;

	snprintf(copy, sizeof(copy), "%s.copy", w->path);
	fd = open(copy, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0)
		return broken(w, "copy");
	unlink(copy);
	ret = copy_file_range(w->fd, &from, fd, &to, WRITTEN_BYTES, 0) == WRITTEN_BYTES ?
	      expect_read(w, fd, 0) : broken(w, "copy_file_range");
	close(fd);
	return ret;
}

/* ---- promises ---- */

static int expect_none_pending(struct window *w, int ret, const char *call)
{
	if (ret)
		return broken(w, call);
	return pending(w) ? wrong(w, "still pending") : 0;
}

static int case_fsync(struct window *w)
{
	return expect_none_pending(w, fsync(w->fd), "fsync");
}

static int case_fdatasync(struct window *w)
{
	return expect_none_pending(w, fdatasync(w->direct_fd), "fdatasync");
}

static int case_msync(struct window *w)
{
	return expect_none_pending(w, msync(w->premapped, (size_t)FILE_BLOCKS * BLOCK, MS_SYNC),
				   "msync");
}

static int case_syncfs(struct window *w)
{
	return expect_none_pending(w, syncfs(w->fd), "syncfs");
}

static int case_overwritten(struct window *w)
{
	memset(w->data, 'o', WRITTEN_BYTES);
	memcpy(w->buffer, w->data, WRITTEN_BYTES);
	if (pwrite(w->direct_fd, w->buffer, WRITTEN_BYTES, WRITTEN_AT) != WRITTEN_BYTES)
		return broken(w, "pwrite");
	if (expect_read(w, w->direct_fd, WRITTEN_AT) || fsync(w->fd))
		return 1;
	return expect_read(w, w->fd, WRITTEN_AT);
}

#define CASE(name) { #name, case_##name }
static const struct window_case cases[] = {
	CASE(buffered_read), CASE(direct_read), CASE(nowait_read), CASE(mmap_read),
	CASE(premapped_read), CASE(populate), CASE(splice), CASE(readahead),
	CASE(closed_and_reopened), CASE(buffered_write), CASE(mmap_write),
	CASE(premapped_write), CASE(unaligned_direct_write), CASE(writeback_beside),
	CASE(extending_write), CASE(overwritten), CASE(truncate_then_fallocate),
	CASE(truncate_up), CASE(punch_hole), CASE(zero_range), CASE(fallocate_over),
	CASE(collapse_range), CASE(insert_range), CASE(move_extent), CASE(seek_data),
	CASE(fiemap), CASE(fibmap), CASE(copy_file_range), CASE(fsync), CASE(fdatasync),
	CASE(msync), CASE(syncfs),
};

static int write_blocks(struct window *w)
{
	struct iocb iocbs[COUNT], *list[COUNT];
	struct io_event events[COUNT];
	io_context_t ctx = NULL;

	for (int i = 0; i < COUNT * BLOCK; i++)
		w->data[i] = 'a' + (i / BLOCK + i) % 26;
	if (io_setup(COUNT, &ctx))
		return wrong(w, "io_setup failed");
	for (int i = 0; i < COUNT; i++) {
		list[i] = &iocbs[i];
		io_prep_pwrite(list[i], w->direct_fd, w->data + i * BLOCK, BLOCK,
			       WRITTEN_AT + (off_t)i * BLOCK);
	}
	if (io_submit(ctx, COUNT, list) != COUNT ||
	    io_getevents(ctx, COUNT, COUNT, events, NULL) != COUNT)
		return wrong(w, "libaio failed");
	for (int i = 0; i < COUNT; i++)
		if (events[i].res != BLOCK)
			return wrong(w, "a write failed");
	io_destroy(ctx);
	return 0;
}

static int open_window(struct window *w)
{
	size_t size = (size_t)FILE_BLOCKS * BLOCK;

	w->premapped = MAP_FAILED;
	w->direct_fd = -1;
	w->fd = open(w->path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (w->fd < 0 || posix_fallocate(w->fd, 0, size))
		return broken(w, w->path);
	/* What the case before has left is not ours, and must go away. */
	if (syncfs(w->fd))
		return broken(w, "syncfs");
	if (pending(w))
		return wrong(w, "%ld pending after syncfs", pending(w));
	w->direct_fd = open(w->path, O_RDWR | O_DIRECT);
	if (w->direct_fd < 0)
		return broken(w, w->path);
	w->premapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, w->fd, 0);
	if (w->premapped == MAP_FAILED)
		return broken(w, "mmap");
	for (size_t i = 0; i < size; i += BLOCK)
		if (*(volatile char *)(w->premapped + i))
			return wrong(w, "old data in preallocated space");
	return write_blocks(w);
}

static void close_window(struct window *w)
{
	if (w->premapped != MAP_FAILED)
		munmap(w->premapped, (size_t)FILE_BLOCKS * BLOCK);
	if (w->fd >= 0)
		close(w->fd);
	if (w->direct_fd >= 0)
		close(w->direct_fd);
	unlink(w->path);
}

static int run_case(struct window *w, const struct window_case *c)
{
	int ret;

	w->why[0] = '\0';
	ret = open_window(w);
	if (!ret && pending(w) < COUNT)
		ret = wrong(w, "the window is not open: %ld pending", pending(w));
	if (!ret)
		ret = c->run(w);
	close_window(w);
	if (ret == 77)
		printf("skip %s - %s\n", c->name, w->why);
	else if (ret)
		printf("not ok %s - %s\n", c->name, w->why);
	else
		printf("ok %s\n", c->name);
	fflush(stdout);
	return ret && ret != 77;
}

int main(int argc, char **argv)
{
	struct window w = { 0 };
	int failed = 0, ran = 0;

	if (argc < 3) {
		fputs("usage: window DIR PENDING_FILE [CASE...]\n", stderr);
		return 2;
	}
	snprintf(w.path, sizeof(w.path), "%s/window", argv[1]);
	w.pending_file = argv[2];
	if (posix_memalign((void **)&w.data, BLOCK, WRITTEN_BYTES) ||
	    posix_memalign((void **)&w.buffer, BLOCK, WRITTEN_BYTES))
		return 3;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int wanted = argc == 3;

		for (int a = 3; a < argc; a++)
			wanted |= !strcmp(argv[a], cases[i].name);
		if (!wanted)
			continue;
		failed |= run_case(&w, &cases[i]);
		ran++;
	}
	if (!ran) {
		fputs("window: no such case\n", stderr);
		return 2;
	}
	return failed;
}
