// SPDX-License-Identifier: GPL-2.0
/* Notes, as they are taken; state.c reads them. Whoever calls holds a lock. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crash.h"

int notes_open(struct notes *notes, const char *path, const char *log, size_t block_bytes,
	       uint32_t blocks)
{
	int ret;

	*notes = (struct notes){ .dm = -1, .log = log, .limit = 1 };
	notes->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (notes->fd < 0)
		return -errno;
	if (log) {
		notes->dm = dm_open();
		if (notes->dm < 0)
			return notes->dm;
	}
	ret = notes_add(notes, "blocks %zu %" PRIu32 "\n", block_bytes, blocks);
	return ret ? ret : notes_flush(notes);
}

int notes_add(struct notes *notes, const char *format, ...)
{
	va_list args;
	int length;

	if (notes->size - notes->length < 256) {
		size_t size = notes->size * 2 + 4096;
		char *text = realloc(notes->text, size);

		if (!text)
			return -ENOMEM;
		notes->text = text;
		notes->size = size;
	}
	va_start(args, format);
	length = vsnprintf(notes->text + notes->length, notes->size - notes->length, format, args);
	va_end(args);
	notes->length += length;
	return 0;
}

/* One call for all lines: a power cut leaves them there, or all but the last. */
int notes_flush(struct notes *notes)
{
	size_t done = 0;

	while (done < notes->length) {
		ssize_t n = write(notes->fd, notes->text + done, notes->length - done);

		if (n < 0)
			return -errno;
		done += n;
	}
	notes->length = 0;
	return 0;
}

int notes_mark(struct notes *notes, const _Atomic uint64_t *gen)
{
	char message[64];
	int ret;

	notes->marks++;
	ret = notes_add(notes, "mark %" PRIu64 " %" PRIu64 "\n", notes->marks, notes->limit);
	if (!ret)
		ret = notes_flush(notes);
	if (!ret && notes->log) {
		snprintf(message, sizeof(message), "mark %" PRIu64, notes->marks);
		ret = dm_message(notes->dm, notes->log, message);
	}
	notes->limit = *gen + 1;
	return ret;
}

void notes_close(struct notes *notes)
{
	if (notes->dm >= 0)
		close(notes->dm);
	if (notes->fd >= 0)
		close(notes->fd);
	free(notes->text);
}
