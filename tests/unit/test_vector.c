// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "unit.h"
#include "model/model.h"
#include "output/output.h"
#include "source/source.h"
#include "source/vector.h"

static int parse(const char *line, struct cl_vector_parsed *p)
{
	char *copy = strdup(line);
	int ret = cl_vector_parse(copy, p);

	free(copy);
	return ret;
}

static void a_write_is_read(void **state)
{
	struct cl_vector_parsed p;

	assert_int_equal(parse("  write ts=100 dev=8:1 ino=12 generation=3 write_id=7 offset=4096 "
			       "size_bytes=512 submit=90 tgid=5 comm=\"a \\\"\\x01\" # done\n", &p),
			 CL_VECTOR_RECORD);
	assert_int_equal(p.len, sizeof(struct cl_ev_write));
	assert_int_equal(p.event.e.kind, CL_EV_WRITE);
	assert_int_equal(p.event.e.ts_ns, 100);
	assert_int_equal(p.event.e.dev, 8 << 20 | 1);
	assert_int_equal(p.event.e.generation, 3);
	assert_int_equal(p.event.write.write_id, 7);
	assert_int_equal(p.event.write.offset_bytes, 4096);
	assert_int_equal(p.event.write.size_bytes, 512);
	assert_int_equal(p.event.write.submit_ns, 90);
	assert_string_equal(p.event.write.comm, "a \"\x01");
}

static void what_is_left_out_has_its_default(void **state)
{
	struct cl_vector_parsed p;

	assert_int_equal(parse("fsync_begin ts=1 fsync_id=1", &p), CL_VECTOR_RECORD);
	assert_true(p.event.fsync_begin.end_bytes == INT64_MAX);
	assert_int_equal(parse("fsync_end ts=1 fsync_id=1 ret=-EIO journal=fast", &p),
			 CL_VECTOR_RECORD);
	assert_int_equal(p.event.fsync_end.ret, -EIO);
	assert_int_equal(p.event.fsync_end.journal, CL_JOURNAL_FAST);
}

static void other_lines(void **state)
{
	struct cl_vector_parsed p;

	assert_int_equal(parse("", &p), CL_VECTOR_BLANK);
	assert_int_equal(parse(" \t# write", &p), CL_VECTOR_BLANK);
	assert_int_equal(parse("hooks missing=completion,fsync inferred=\"conversion tid\"", &p),
			 CL_VECTOR_HOOKS);
	assert_int_equal(p.missing, CL_NEED_COMPLETION | CL_NEED_FSYNC);
	assert_int_equal(p.inferred, CL_NEED_CONVERT_TID);
	assert_int_equal(parse("raw 00fF10", &p), CL_VECTOR_RECORD);
	assert_int_equal(p.len, 3);
	assert_int_equal(p.event.bytes[1], 0xff);
	assert_int_equal(parse("path ts=1 path=/a flags=unlinked,truncated", &p), CL_VECTOR_RECORD);
	assert_int_equal(p.len, sizeof(struct cl_ev_path) + 3);
	assert_int_equal(p.event.e.flags, CL_F_UNLINKED | CL_F_TRUNCATED);
}

static void wrong_lines_are_refused_with_a_reason(void **state)
{
	static const char *const lines[] = {
		"writes ts=1",
		"write",
		"commit ts=1",
		"commit ts=1 journal_tid=",
		"commit ts=1 journal_tid=4294967296",
		"commit ts=1 journal_tid=1 journal_tid=1",
		"commit ts=1 ts_ns=1 journal_tid=1",
		"commit ts=1 journal_tid",
		"commit ts=1 journal_tid=1 t=1",
		"commit ts=1 journal_tid=1 dev=sda",
		"commit ts=1 journal_tid=1 dev=8",
		"commit ts=1 journal_tid=1 flags=odd",
		"commit ts=\"1 journal_tid=1",
		"commit ts=1 journal_tid=1\\",
		"commit ts=1 journal_tid=1\\x0",
		"commit ts=1 journal_tid=1\\x00",
		"write ts=1 write_id=0 offset=0 size=1",
		"write ts=1 write_id=1 offset=-1 size=1",
		"write ts=1 write_id=1 offset=0 size=1 comm=0123456789abcdef",
		"completion ts=1 write_id=1 result=0 via=pigeon",
		"convert ts=1 offset=0 size=1 error=5",
		"convert ts=1 offset=0 size=1 error=-ENOSUCH",
		"convert ts=1 offset=0 size=1 has_tid=2",
		"path ts=1 path=",
		"lost count=0 where=ring",
		"hooks missing=everything",
		"hooks absent=write",
		"raw",
		"raw 0",
		"raw 0g",
		"raw 00 00",
	};
	struct cl_vector_parsed p;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		if (parse(lines[i], &p) != -EINVAL)
			fail_msg("'%s' was taken", lines[i]);
		assert_true(p.error[0]);
	}
}

/* What trace prints is what the parser reads: for every kind. */
static void print_and_parse_agree(void **state)
{
	static const char *const lines[] = {
		"write ts=1001000 dev=8:1 ino=12 write_id=1 offset=0 size=5 submit=1000 sync=1 comm=\"a b\"",
		"listed ts=1001000 write_id=1 offset=0 size=5 pending=3",
		"completion ts=1001000 write_id=1 result=-5 via=io_uring",
		"convert ts=1001000 offset=7 size=5 error=-EIO why=drain entries=2",
		"flush ts=1001000 why=map pending=2",
		"fsync_begin ts=1001000 fsync_id=3 start=1 end=2 datasync=1 comm=x",
		"fsync_end ts=1001000 fsync_id=3 ret=0 committed_tid=4 journal=full",
		"commit ts=1001000 journal_tid=4",
		"path ts=1001000 path=\"/a b\\\\\\x7f\"",
		"lost ts=1001000 count=4 where=missed",
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		struct cl_vector_parsed a, b;
		char *text = NULL, *s, *line;
		size_t len;
		FILE *f = open_memstream(&text, &len);
		struct cl_out *o = cl_out_new(f, "text");

		assert_int_equal(parse(lines[i], &a), CL_VECTOR_RECORD);
		cl_out_row_begin(o, "event");
		cl_event_print(o, &a.event.e);
		cl_out_end(o);
		cl_out_free(o);
		fclose(f);
		/* "event kind=write ts=0.001001 ...": times are in seconds there. */
		line = strstr(text, "kind=") + 5;
		while ((s = strstr(line, "0.001001")))
			memcpy(s, "01001000" + 1, 7), s[7] = ' ';
		while ((s = strstr(line, "0.000001")))
			memcpy(s, "1000    ", 8);
		while ((s = strstr(line, "0.000000")))
			memcpy(s, "0       ", 8);
		for (s = line; (s = strstr(s, "=yes")); )
			memcpy(s, "=1  ", 4);
		for (s = line; (s = strstr(s, "=no ")); )
			memcpy(s, "=0  ", 4);
		if (parse(line, &b) != CL_VECTOR_RECORD)
			fail_msg("%s: %s", line, b.error);
		assert_int_equal(a.len, b.len);
		assert_memory_equal(&a.event, &b.event, a.len);
		free(text);
	}
}

/* A quick look for what a fuzzer finds first; the model must bear it as well. */
static void mutated_lines_do_no_harm(void **state)
{
	static const char *const seed[] = {
		"write ts=100 dev=8:1 ino=12 write_id=1 offset=0 size=4096 tgid=1 comm=\"f\\x01o\"",
		"listed ts=110 dev=8:1 ino=12 write_id=1 offset=0 size=4096 pending=1",
		"completion ts=120 dev=8:1 ino=12 write_id=1 result=4096 via=libaio",
		"convert ts=130 dev=8:1 ino=12 offset=0 size=4096 journal_tid=3 has_tid=1 why=work",
		"fsync_begin ts=125 dev=8:1 ino=12 fsync_id=1 start=0 end=8191",
		"fsync_end ts=140 dev=8:1 ino=12 fsync_id=1 ret=0 committed_tid=3 journal=full",
		"commit ts=135 dev=8:1 journal_tid=3",
		"path ts=90 dev=8:1 ino=12 path=/dir/file",
		"lost ts=1 count=1 where=ring",
		"hooks missing=completion",
		"raw 0011223344556677",
	};
	static const char alphabet[] = "0123456789=\"\\x#:,-abcdefilnostw _";
	struct cl_model *m = cl_model_new();
	uint64_t x = 88172645463325252ULL;
	int round;

	for (round = 0; round < 100000; round++) {
		struct cl_vector_parsed p;
		char line[256];
		int edits, len;

		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		strcpy(line, seed[x % ARRAY_SIZE(seed)]);
		len = strlen(line);
		for (edits = x >> 32 & 3; edits; edits--) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			line[x % len] = alphabet[(x >> 20) % (sizeof(alphabet) - 1)];
		}
		if (parse(line, &p) == CL_VECTOR_RECORD)
			assert_int_equal(cl_model_record(m, &p.event, p.len), 0);
	}
	assert_true(cl_model_counts(m)->fsyncs > 0);
	cl_model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_write_is_read),
		cmocka_unit_test(what_is_left_out_has_its_default),
		cmocka_unit_test(other_lines),
		cmocka_unit_test(wrong_lines_are_refused_with_a_reason),
		cmocka_unit_test(print_and_parse_agree),
		cmocka_unit_test(mutated_lines_do_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
