// SPDX-License-Identifier: GPL-2.0
/* Compares files with what was promised of them. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crash.h"

#define READ_BYTES (256 << 10)
#define SHOWN 20

struct check {
	const struct state *state;
	struct findings *findings;
	const char *where;
	uint32_t id;
	const struct file_state *file;
};

static void show(struct check *check, const char *what, uint32_t block)
{
	const struct block_state *want =
		check->file && check->file->blocks ? &check->file->blocks[block] : NULL;

	if (check->findings->shown++ >= SHOWN)
		return;
	printf("%s: file %" PRIu32 " block %" PRIu32 ": %s", check->where, check->id, block, what);
	if (want && want->promised)
		printf("; promised: generation %" PRIu64 " at mark %" PRIu32, want->promised,
		       want->mark);
	if (want && want->zeroed)
		printf("; zeroed: generation %" PRIu64, want->zeroed);
	putchar('\n');
}

static void check_stamp(struct check *check, uint32_t block, const struct block_state *want,
			const struct stamp *stamp)
{
	char what[64];

	if (stamp->file != check->id || stamp->block != block) {
		check->findings->foreign++;
		snprintf(what, sizeof(what), "data of file %" PRIu32 " block %" PRIu32, stamp->file,
			 stamp->block);
	} else if (stamp->gen < want->promised) {
		check->findings->older++;
		snprintf(what, sizeof(what), "older generation %" PRIu64, stamp->gen);
	} else if (stamp->gen >= check->state->limit) {
		check->findings->future++;
		snprintf(what, sizeof(what), "generation %" PRIu64 " of the future", stamp->gen);
	} else {
		check->findings->kept += !!want->promised;
		return;
	}
	show(check, what, block);
}

static void check_block(struct check *check, uint32_t block, const void *content)
{
	static const struct block_state nothing;
	const struct block_state *want =
		check->file && check->file->blocks ? &check->file->blocks[block] : &nothing;
	struct stamp stamp;

	check->findings->compared++;
	switch (stamp_read(content, check->state->block_bytes, &stamp)) {
	case CONTENT_STAMP:
		check_stamp(check, block, want, &stamp);
		break;
	case CONTENT_ZEROS:
		if (want->zeroed >= want->promised) {
			check->findings->kept += !!want->promised;
		} else {
			check->findings->missing++;
			show(check, "zeros", block);
		}
		break;
	case CONTENT_OLD:
		check->findings->foreign++;
		show(check, "old data of the device", block);
		break;
	case CONTENT_OTHER:
		check->findings->foreign++;
		show(check, "data of unknown origin, or mixed", block);
		break;
	}
}

/* What cannot be read, or is beyond the end of the file, is not there. */
static ssize_t read_blocks(struct check *check, int fd, char *buffer, size_t bytes, off_t at)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t n = pread(fd, buffer + done, bytes - done, at + done);

		if (n <= 0) {
			if (n < 0)
				show(check, strerror(errno), at / check->state->block_bytes);
			memset(buffer + done, 0, bytes - done);
			return n < 0 ? -errno : (ssize_t)done;
		}
		done += n;
	}
	return done;
}

static int check_file(struct check *check, int dir, const char *name)
{
	static char buffer[READ_BYTES] __attribute__((aligned(4096)));
	uint32_t per_read = READ_BYTES / check->state->block_bytes;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (uint32_t first = 0; first < check->state->blocks; first += per_read) {
		uint32_t count = check->state->blocks - first;

		if (count > per_read)
			count = per_read;
		if (read_blocks(check, fd, buffer, count * check->state->block_bytes,
				(off_t)first * check->state->block_bytes) < 0)
			check->findings->foreign++;
		for (uint32_t i = 0; i < count; i++)
			check_block(check, first + i, buffer + i * check->state->block_bytes);
	}
	close(fd);
	return 0;
}

int check_directory(const struct state *state, const char *path, const char *where,
		    struct findings *findings)
{
	struct check check = { .state = state, .findings = findings, .where = where };
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool *seen;
	int ret = 0;

	if (!dir)
		return -errno;
	seen = calloc(state->nr_files + 1, sizeof(*seen));
	if (!seen)
		ret = -ENOMEM;
	while (!ret && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "f%" SCNu32, &check.id) != 1)
			continue;
		check.file = check.id < state->nr_files ? &state->files[check.id] : NULL;
		if (check.file)
			seen[check.id] = true;
		ret = check_file(&check, dirfd(dir), entry->d_name);
	}
	for (check.id = 0; !ret && check.id < state->nr_files; check.id++) {
		check.file = &state->files[check.id];
		if (seen[check.id] || !check.file->there || check.file->may_be_gone)
			continue;
		findings->gone++;
		show(&check, "the file is not there", 0);
	}
	free(seen);
	closedir(dir);
	return ret;
}

bool findings_bad(const struct findings *findings)
{
	return findings->missing || findings->older || findings->foreign || findings->future ||
	       findings->gone;
}

void findings_print(const struct findings *findings)
{
	printf("compared %" PRIu64 " kept %" PRIu64 " missing %" PRIu64 " older %" PRIu64
	       " foreign %" PRIu64 " future %" PRIu64 " gone %" PRIu64 "\n",
	       findings->compared, findings->kept, findings->missing, findings->older,
	       findings->foreign, findings->future, findings->gone);
}
