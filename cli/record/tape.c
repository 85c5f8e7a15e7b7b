// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "log.h"
#include "record/file.h"
#include "record/tape.h"
#include "record/writer.h"
#include "util.h"

#define FLUSH_NS 1000000000ULL

struct cl_tape {
	struct cl_record_file *file;
	struct cl_writer *writer;
	int error;
};

static int add(void *ctx, const struct cl_frame *f, uint64_t begin_ns)
{
	return cl_record_file_add(((struct cl_tape *)ctx)->file, f);
}

int cl_tape_open(const char *path, const struct cl_about *about, struct cl_tape **out)
{
	struct cl_tape *tape = calloc(1, sizeof(*tape));
	int err = -ENOMEM;

	if (tape)
		tape->writer = cl_writer_new(FLUSH_NS, add, tape);
	if (tape && tape->writer)
		err = cl_record_file_create(path, about, false, &tape->file);
	else
		cl_err("out of memory");
	if (err) {
		if (tape)
			cl_writer_free(tape->writer);
		free(tape);
		return err;
	}
	*out = tape;
	return 0;
}

static void note(struct cl_tape *tape, int err)
{
	if (err && !tape->error) {
		tape->error = err;
		cl_debug("the recording has ended: %s", strerror(-err));
	}
}

int cl_tape_record(void *ctx, const void *record, size_t len)
{
	struct cl_tape *tape = ctx;

	if (!tape->error)
		note(tape, cl_writer_record(tape->writer, record, len));
	return 0;
}

void cl_tape_settle(struct cl_tape *tape)
{
	if (!tape->error)
		note(tape, cl_writer_settle(tape->writer));
}

bool cl_tape_failed(const struct cl_tape *tape)
{
	return tape->error;
}

int cl_tape_end(struct cl_tape *tape, struct cl_about_end *end, uint64_t *bytes)
{
	int err;

	if (!tape->error)
		note(tape, cl_writer_flush(tape->writer));
	end->records = cl_writer_records(tape->writer);
	end->full = tape->error;
	err = cl_record_file_end(tape->file, end, bytes);
	err = tape->error ? tape->error : err;
	cl_writer_free(tape->writer);
	free(tape);
	return err;
}

void cl_about_source(struct cl_about *about, struct cl_source *src,
		     const struct cl_live_options *opt, char **command)
{
	cl_about_init(about);
	about->hooks = *src->ops->hooks(src);
	about->since_ns = src->since_ns;
	about->filter = opt->filter;
	about->ring_bytes = opt->ring_bytes;
	about->command = (const char *const *)command;
}
