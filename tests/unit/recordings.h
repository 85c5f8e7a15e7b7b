/* SPDX-License-Identifier: GPL-2.0 */
/* What the tests of recordings have in common. */
#ifndef CONVLIST_UNIT_RECORDINGS_H
#define CONVLIST_UNIT_RECORDINGS_H

#include <sys/stat.h>

#include "unit.h"
#include "record/reader.h"
#include "record/tape.h"

/* A file in the folder for temporary ones; its name goes with the next call. */
static inline char *temporary(void)
{
	static char path[] = "/tmp/convlist-unit-XXXXXX";
	int fd;

	strcpy(path + strlen(path) - 6, "XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	return path;
}

static inline struct cl_about about_nothing(void)
{
	struct cl_about about;

	cl_about_init(&about);
	strcpy(about.hooks.kernel, "6.12-test");
	about.hooks.nr = 1;
	about.hooks.hook[0] = (struct cl_hook_state){ .name = "all", .how = CL_HOW_FENTRY,
						      .provides = (1U << CL_NEEDS) - 1 };
	return about;
}

static inline struct cl_ev_write a_write(uint64_t id, uint64_t ts)
{
	return (struct cl_ev_write){
		.e = { .size_bytes = sizeof(struct cl_ev_write), .kind = CL_EV_WRITE,
		       .ts_ns = ts, .ino = 12, .dev = 8 << 20 | 1, .tgid = 7 },
		.write_id = id, .offset_bytes = id * 4096, .size_bytes = 4096,
		.submit_ns = ts - 10, .comm = "unit",
	};
}

static inline struct cl_ev_completion a_completion(uint64_t id, uint64_t ts)
{
	return (struct cl_ev_completion){
		.e = { .size_bytes = sizeof(struct cl_ev_completion), .kind = CL_EV_COMPLETION,
		       .ts_ns = ts, .ino = 12, .dev = 8 << 20 | 1 },
		.write_id = id, .result = 4096, .via = CL_VIA_LIBAIO,
	};
}

static inline struct cl_ev_convert a_convert(uint64_t id, uint64_t ts, uint32_t tid)
{
	return (struct cl_ev_convert){
		.e = { .size_bytes = sizeof(struct cl_ev_convert), .kind = CL_EV_CONVERT,
		       .ts_ns = ts, .ino = 12, .dev = 8 << 20 | 1 },
		.offset_bytes = id * 4096, .size_bytes = 4096, .begin_ns = ts - 5,
		.journal_tid = tid, .has_tid = 1, .why = CL_WHY_WORK,
	};
}

static inline struct cl_ev_commit a_commit(uint64_t ts, uint32_t tid)
{
	return (struct cl_ev_commit){
		.e = { .size_bytes = sizeof(struct cl_ev_commit), .kind = CL_EV_COMMIT,
		       .ts_ns = ts, .dev = 8 << 20 | 1 },
		.journal_tid = tid,
	};
}

static inline struct cl_ev_fsync_begin a_fsync_begin(uint64_t id, uint64_t ts)
{
	return (struct cl_ev_fsync_begin){
		.e = { .size_bytes = sizeof(struct cl_ev_fsync_begin),
		       .kind = CL_EV_FSYNC_BEGIN, .ts_ns = ts, .ino = 12, .dev = 8 << 20 | 1 },
		.fsync_id = id, .end_bytes = INT64_MAX, .comm = "unit",
	};
}

static inline struct cl_ev_fsync_end a_fsync_end(uint64_t id, uint64_t ts, uint32_t tid)
{
	return (struct cl_ev_fsync_end){
		.e = { .size_bytes = sizeof(struct cl_ev_fsync_end), .kind = CL_EV_FSYNC_END,
		       .ts_ns = ts, .ino = 12, .dev = 8 << 20 | 1 },
		.fsync_id = id, .committed_tid = tid, .journal = CL_JOURNAL_FULL,
	};
}

/* All of a file, NUL behind it. */
static inline char *slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	struct stat st;
	char *s;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	s = calloc(1, st.st_size + 1);
	*len = fread(s, 1, st.st_size, f);
	assert_int_equal(*len, st.st_size);
	fclose(f);
	return s;
}

/*
 * Reads bytes as a recording: how many records (-1: none that can be read), a
 * checksum over them and the marks, and what is wrong.
 */
struct what_is_read {
	long records, marks;
	uint64_t sum;
	const char *wrong;
	struct cl_about_end end;
	bool ended;
};

static inline struct what_is_read read_bytes(const void *bytes, size_t len)
{
	struct what_is_read what = { .records = -1 };
	FILE *f = fmemopen((void *)bytes, len ? len : 1, "r");
	struct cl_reader *r;
	const void *record;
	uint64_t at;
	enum cl_entry e;
	size_t n, i;

	assert_non_null(f);
	if (!len)
		getc(f);
	if (!cl_reader_new(f, &r, &what.wrong)) {
		what.records = 0;
		while ((e = cl_reader_next(r, &record, &n)) != CL_ENTRY_NONE) {
			what.sum = what.sum * 31 + e;
			what.marks += e == CL_ENTRY_MARK;
			what.records += e == CL_ENTRY_RECORD;
			for (i = 0; e == CL_ENTRY_RECORD && i < n; i++)
				what.sum = what.sum * 31 + ((const unsigned char *)record)[i];
		}
		what.wrong = cl_reader_wrong(r, &at);
		what.ended = cl_reader_end(r);
		if (what.ended)
			what.end = *cl_reader_end(r);
		cl_reader_free(r);
	}
	fclose(f);
	return what;
}

#endif
