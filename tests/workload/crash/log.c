// SPDX-License-Identifier: GPL-2.0
/*
 * The log of dm-log-writes: a superblock in the first sector of the log device,
 * then for each entry a sector that describes it, and its data. What was written
 * is logged when the device was told to flush it, or when it was written through.
 * Sectors here are of the size that the superblock names.
 */
#define _GNU_SOURCE
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crash.h"

#define LOG_MAGIC 0x6a736677736872ULL
#define LOG_VERSION 1

struct disk_super {
	uint64_t magic;
	uint64_t version;
	uint64_t nr_entries;
	uint32_t sector_bytes;
};

struct disk_entry {
	uint64_t sector;
	uint64_t nr_sectors;
	uint64_t flags;
	uint64_t data_len; /* of the text of a mark */
};

static int read_at(int fd, void *buffer, size_t bytes, uint64_t at)
{
	while (bytes) {
		ssize_t n = pread(fd, buffer, bytes, at);

		if (n <= 0)
			return n ? -errno : -ENODATA;
		buffer = (char *)buffer + n;
		bytes -= n;
		at += n;
	}
	return 0;
}

/* at: where the entry is; moved to the next one. */
static int read_entry(struct log *log, struct log_entry *entry, uint32_t sector_bytes, uint64_t *at)
{
	char sector[512 + 1] = "";
	struct disk_entry disk;
	int ret;

	ret = read_at(log->fd, sector, 512, *at);
	if (ret)
		return ret;
	memcpy(&disk, sector, sizeof(disk));
	*entry = (struct log_entry){
		.sector = le64toh(disk.sector) * (sector_bytes / 512),
		.sectors = le64toh(disk.nr_sectors) * (sector_bytes / 512),
		.data = *at + sector_bytes,
		.flags = le64toh(disk.flags),
	};
	*at += sector_bytes;
	if (entry->flags & LOG_MARK)
		sscanf(sector + sizeof(disk), "%" SCNu32, &entry->mark);
	else if (!(entry->flags & LOG_DISCARD))
		*at += entry->sectors * 512;
	return 0;
}

static int read_entries(struct log *log)
{
	struct disk_super super;
	uint32_t sector_bytes;
	uint64_t at;
	int ret;

	ret = read_at(log->fd, &super, sizeof(super), 0);
	if (ret)
		return ret;
	sector_bytes = le32toh(super.sector_bytes);
	if (le64toh(super.magic) != LOG_MAGIC || le64toh(super.version) != LOG_VERSION ||
	    sector_bytes < 512 || sector_bytes > 4096 || sector_bytes % 512)
		return -EUCLEAN;
	log->nr = le64toh(super.nr_entries);
	log->entries = calloc(log->nr, sizeof(*log->entries));
	if (!log->entries)
		return -ENOMEM;
	at = sector_bytes;
	for (size_t i = 0; i < log->nr; i++) {
		ret = read_entry(log, &log->entries[i], sector_bytes, &at);
		if (ret)
			return ret;
	}
	return 0;
}

int log_open(struct log *log, const char *path)
{
	*log = (struct log){ .fd = open(path, O_RDONLY | O_CLOEXEC) };
	return log->fd < 0 ? -errno : read_entries(log);
}

/*
 * What was discarded may hold anything from then on: here what it held before,
 * which is the harshest for who relies on zeros.
 */
int log_apply(struct log *log, const struct log_entry *entry, int device)
{
	size_t bytes = entry->sectors * 512, done = 0;
	int ret;

	if ((entry->flags & (LOG_MARK | LOG_DISCARD)) || !bytes)
		return 0;
	if (bytes > log->buffer_size) {
		free(log->buffer);
		log->buffer_size = 0;
		if (posix_memalign((void **)&log->buffer, 4096, bytes))
			return -ENOMEM;
		log->buffer_size = bytes;
	}
	ret = read_at(log->fd, log->buffer, bytes, entry->data);
	while (!ret && done < bytes) {
		ssize_t n = pwrite(device, log->buffer + done, bytes - done,
				   entry->sector * 512 + done);

		if (n <= 0)
			ret = n ? -errno : -EIO;
		else
			done += n;
	}
	return ret;
}

void log_close(struct log *log)
{
	if (log->fd >= 0)
		close(log->fd);
	free(log->entries);
	free(log->buffer);
}
