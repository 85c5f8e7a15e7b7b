// SPDX-License-Identifier: GPL-2.0
/* Recordings: what goes in comes out, and nothing else does. */
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <zlib.h>
#include <zstd.h>

#include "recordings.h"
#include "model/event_table.h"
#include "output/buf.h"
#include "record/file.h"
#include "record/writer.h"

static uint64_t rnd_state = 88172645463325252ULL;

static uint64_t rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 7;
	rnd_state ^= rnd_state << 17;
	return rnd_state;
}

static uint64_t sum_of(uint64_t sum, enum cl_entry e, const void *record, size_t len)
{
	size_t i;

	sum = sum * 31 + e;
	for (i = 0; i < len; i++)
		sum = sum * 31 + ((const unsigned char *)record)[i];
	return sum;
}

/* Records n records of all sorts, and returns what reading them has to give. */
static uint64_t record_some(struct cl_tape *tape, unsigned int n)
{
	unsigned char bytes[2000];
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < n; i++) {
		const struct cl_ev_write w = a_write(i + 1, 1000 * i + 100);
		const struct cl_ev_convert c = a_convert(i + 1, 1000 * i + 200, i / 100);
		size_t len = i % 50 ? sizeof(c) : 1 + rnd() % sizeof(bytes), k;

		cl_tape_record(tape, &w, sizeof(w));
		sum = sum_of(sum, CL_ENTRY_RECORD, &w, sizeof(w));
		/* Now and then one that is no record at all. */
		for (k = 0; k < len; k++)
			bytes[k] = rnd();
		if (i % 50)
			memcpy(bytes, &c, sizeof(c));
		cl_tape_record(tape, bytes, len);
		sum = sum_of(sum, CL_ENTRY_RECORD, bytes, len);
		if (i % 7)
			continue;
		cl_tape_settle(tape);
		cl_tape_settle(tape);
		sum = sum_of(sum, CL_ENTRY_MARK, NULL, 0);
	}
	return sum;
}

static char *recording(unsigned int n, size_t *len, uint64_t *sum)
{
	struct cl_about about = about_nothing();
	struct cl_about_end end = { .run_ns = 77, .status = { .ran = true, .exit_status = 3 } };
	const char *path = temporary();
	struct cl_tape *tape;
	uint64_t bytes;
	char *s;

	assert_int_equal(cl_tape_open(path, &about, &tape), 0);
	*sum = record_some(tape, n);
	assert_int_equal(cl_tape_end(tape, &end, &bytes), 0);
	s = slurp(path, len);
	assert_int_equal(*len, bytes);
	unlink(path);
	return s;
}

static void what_goes_in_comes_out(void **state)
{
	static const unsigned int sizes[] = { 0, 1, 100, 60000 };
	struct what_is_read what;
	uint64_t sum;
	size_t len, i;
	char *s;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		s = recording(sizes[i], &len, &sum);
		what = read_bytes(s, len);
		assert_null(what.wrong);
		assert_int_equal(what.records, 2 * sizes[i]);
		assert_true(what.sum == sum);
		assert_true(what.ended);
		assert_int_equal(what.end.run_ns, 77);
		assert_true(what.end.status.ran);
		assert_int_equal(what.end.status.exit_status, 3);
		free(s);
	}
}

static void what_it_says_of_itself_is_read_again(void **state)
{
	static const char *const words[] = { "fio", "--name=a b", "\xff", NULL };
	struct cl_about about = about_nothing(), got;
	const char *path = temporary(), *wrong;
	struct cl_reader *r;
	struct cl_tape *tape;
	uint64_t bytes;
	FILE *f;

	about.command = words;
	about.filter = (struct cl_config){ .dev = 8 << 20 | 1, .ino = UINT64_MAX, .tgid = 5,
					   .comm = "mysqld", .comm_len = 7 };
	about.since_ns = 123456789012345ULL;
	about.hooks.patched = true;
	about.hooks.hook[0].inferred = true;
	about.hooks.hook[0].provides = CL_NEED_WRITE | CL_NEED_CONVERT_TID;
	assert_int_equal(cl_tape_open(path, &about, &tape), 0);
	assert_int_equal(cl_tape_end(tape, &(struct cl_about_end){}, &bytes), 0);
	f = fopen(path, "r");
	assert_int_equal(cl_reader_new(f, &r, &wrong), 0);
	got = *cl_reader_about(r);
	assert_string_equal(got.hooks.kernel, "6.12-test");
	assert_string_equal(got.started, about.started);
	assert_string_equal(got.convlist, CONVLIST_VERSION);
	assert_true(got.since_ns == about.since_ns);
	assert_int_equal(got.filter.dev, about.filter.dev);
	assert_int_equal(got.filter.tgid, 5);
	assert_int_equal(got.filter.comm_len, 7);
	assert_true(got.filter.ino);
	assert_true(got.hooks.patched && got.hooks.hook[0].inferred);
	assert_int_equal(got.hooks.nr, 1);
	assert_int_equal(got.hooks.hook[0].how, CL_HOW_FENTRY);
	assert_int_equal(got.hooks.hook[0].provides, CL_NEED_WRITE | CL_NEED_CONVERT_TID);
	assert_string_equal(got.hooks.hook[0].name, "all");
	assert_null(got.hooks.hook[0].target);
	assert_string_equal(got.command[1], words[1]);
	assert_string_equal(got.command[2], "\xef\xbf\xbd");
	assert_null(got.command[3]);
	assert_memory_equal(got.size_bytes, about.size_bytes, sizeof(got.size_bytes));
	cl_reader_free(r);
	fclose(f);
	unlink(path);
}

/* Wherever it is cut, what is whole before is read, and no end is seen. */
static void cut_off_anywhere_it_tells(void **state)
{
	struct what_is_read what;
	long records = -1;
	uint64_t sum;
	size_t len, i;
	char *s = recording(100, &len, &sum);

	for (i = 0; i < len; i++) {
		what = read_bytes(s, i);
		assert_non_null(what.wrong);
		assert_false(what.ended);
		assert_true(what.records <= 200 && what.records >= records);
		records = what.records;
	}
	assert_int_equal(records, 200);
	free(s);
}

static void a_changed_byte_is_noticed(void **state)
{
	const size_t pad = offsetof(struct cl_file_header, pad);
	struct what_is_read what;
	uint64_t sum;
	size_t len, i;
	char *s = recording(20, &len, &sum);

	for (i = 0; i < len; i++) {
		s[i] ^= 1 << i % 8;
		what = read_bytes(s, len);
		if (i < pad || i >= pad + sizeof(__u32))
			assert_non_null(what.wrong);
		else
			assert_true(what.sum == sum);
		s[i] ^= 1 << i % 8;
	}
	free(s);
}

static void what_was_put_together_is_noticed(void **state)
{
	struct what_is_read what;
	uint64_t sum;
	size_t len;
	char *s = recording(10, &len, &sum), *twice = calloc(2, len);

	memcpy(twice, s, len);
	memcpy(twice + len, s, len);
	what = read_bytes(twice, 2 * len);
	assert_non_null(what.wrong);
	what = read_bytes(twice, len + 1);
	assert_non_null(what.wrong);
	what = read_bytes(twice, len);
	assert_null(what.wrong);
	free(twice);
	free(s);
}

static void later_versions_and_other_files_are_refused(void **state)
{
	struct what_is_read what;
	uint64_t sum;
	size_t len;
	char *s = recording(1, &len, &sum);

	((struct cl_file_header *)s)->version = CL_FILE_VERSION + 1;
	what = read_bytes(s, len);
	assert_int_equal(what.records, -1);
	assert_non_null(strstr(what.wrong, "later version"));
	what = read_bytes("#!/bin/sh\necho no recording at all\n", 30);
	assert_int_equal(what.records, -1);
	assert_non_null(strstr(what.wrong, "no recording"));
	free(s);
}

/* Frames as a forger would make them: their checksums are right. */
static struct what_is_read forged(enum cl_frame_type type, struct cl_frame *f, const void *raw,
				  size_t bytes)
{
	struct cl_file_header file = { .magic = CL_FILE_MAGIC, .version = CL_FILE_VERSION };
	struct cl_about about = about_nothing();
	struct cl_packer *p = cl_packer_new();
	struct cl_frame_header h;
	struct cl_buf text = {};
	struct what_is_read what;
	struct cl_frame first;

	assert_int_equal(cl_about_write(&about, &text), 0);
	cl_frame_pack(p, CL_FRAME_ABOUT, text.s, text.len, &first);
	cl_frame_header(&first, 0, &h);
	cl_buf_clear(&text);
	cl_buf_add(&text, (const char *)&file, sizeof(file));
	cl_buf_add(&text, (const char *)&h, sizeof(h));
	cl_buf_add(&text, first.stored, first.stored_bytes);
	if (!f) {
		f = &first;
		assert_int_equal(cl_frame_pack(p, type, raw, bytes, f), 0);
	}
	cl_frame_header(f, 1, &h);
	cl_buf_add(&text, (const char *)&h, sizeof(h));
	cl_buf_add(&text, f->stored, f->stored_bytes);
	what = read_bytes(text.s, text.len);
	assert_non_null(what.wrong);
	cl_buf_free(&text);
	cl_packer_free(p);
	return what;
}

/* A megabyte of zeros in a few bytes, called a few bytes, or called a gigabyte. */
static void bombs_do_not_go_off(void **state)
{
	size_t big = 64 << 20, n;
	void *zeros = calloc(1, big), *packed = malloc(ZSTD_compressBound(big));
	struct cl_frame f;

	n = ZSTD_compress(packed, ZSTD_compressBound(big), zeros, big, 19);
	f = (struct cl_frame){ .type = CL_FRAME_EVENTS, .encoding = CL_ENCODING_ZSTD,
			       .raw_bytes = CL_FRAME_RAW_MAX, .stored_bytes = n,
			       .stored = packed, .stored_crc = crc32(0, packed, n) };
	assert_non_null(strstr(forged(0, &f, NULL, 0).wrong, "unpacked"));
	f.raw_bytes = big;
	assert_non_null(strstr(forged(0, &f, NULL, 0).wrong, "larger"));
	f.raw_bytes = f.stored_bytes - 1;
	assert_non_null(strstr(forged(0, &f, NULL, 0).wrong, "larger"));
	free(packed);
	free(zeros);
}

static void forged_frames_are_refused(void **state)
{
	static const struct {
		struct cl_events_header h;
		struct cl_events_group g[2];
		unsigned char rest[16];
	} bad[] = {
		{ { UINT32_MAX, 0 }, {}, {} },
		{ { 0, UINT32_MAX }, {}, {} },
		{ { 1, CL_GROUPS_MAX + 1 }, {}, {} },
		{ { 2, 2 }, { { 8, 1 }, { 8, 0 } }, { 1, 1 } },	/* more of it than it says */
		{ { 2, 2 }, { { 8, 2 }, { 8, 0 } }, { 1, 2 } },
		{ { 2, 2 }, { { 8, 1 }, { 8, 1 } }, { 1, 2 } },	/* more than there is */
		{ { 2, 2 }, { { 6, 1 }, { 6, 1 } }, { 1, 2 } },	/* less than there is */
		{ { 2, 2 }, { { 7, 1 }, { 7, 1 } }, { 1, 3 } },	/* no such group */
		{ { 2, 2 }, { { 0, 1 }, { 14, 1 } }, { 1, 2 } },
		{ { 2, 2 }, { { UINT32_MAX, 1 }, { 15, 1 } }, { 1, 2 } },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(forged(CL_FRAME_EVENTS, NULL, &bad[i], sizeof(bad[i])).records, 0);
	assert_non_null(strstr(forged(CL_FRAME_ABOUT, NULL, "{}", 2).wrong, "twice"));
	assert_non_null(strstr(forged(CL_FRAME_END, NULL, "{}", 2).wrong, "end"));
	assert_non_null(strstr(forged(CL_FRAME_END, NULL, "{\"type\":\"recording_end\","
			"\"records\":5}", 36).wrong, "number of records"));
}

/* A kind has got more fields since: what was written before has zeros there. */
static void old_records_grow(void **state)
{
	struct cl_about about = about_nothing();
	struct cl_ev_write w = a_write(1, 100);
	const size_t then = offsetof(struct cl_ev_write, comm);
	const char *path = temporary(), *wrong;
	struct cl_tape *tape;
	struct cl_reader *r;
	const void *record;
	uint64_t bytes;
	size_t len;
	FILE *f;

	about.size_bytes[CL_EV_WRITE] = then;
	w.e.size_bytes = then;
	assert_int_equal(cl_tape_open(path, &about, &tape), 0);
	cl_tape_record(tape, &w, then);
	cl_tape_record(tape, &w, then - 8);
	assert_int_equal(cl_tape_end(tape, &(struct cl_about_end){}, &bytes), 0);
	f = fopen(path, "r");
	assert_int_equal(cl_reader_new(f, &r, &wrong), 0);
	assert_int_equal(cl_reader_next(r, &record, &len), CL_ENTRY_RECORD);
	assert_int_equal(len, sizeof(w));
	assert_int_equal(cl_event_check(record, len), 0);
	assert_int_equal(((const struct cl_ev_write *)record)->write_id, 1);
	assert_int_equal(((const struct cl_ev_write *)record)->comm[0], 0);
	/* One that was too short then is so for ever. */
	assert_int_equal(cl_reader_next(r, &record, &len), CL_ENTRY_RECORD);
	assert_int_equal(cl_event_check(record, len), -EINVAL);
	cl_reader_free(r);
	fclose(f);
	unlink(path);
}

/* A limit on a file's size stands for a disk that is full. */
static void a_full_disk_leaves_whole_frames(void **state)
{
	struct rlimit old, limit;
	struct cl_about about = about_nothing();
	struct cl_about_end end = {};
	struct cl_ev_write w = {};
	const char *path = temporary();
	struct what_is_read what;
	struct cl_tape *tape;
	uint64_t bytes, i;
	size_t len;
	char *s;

	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = (struct rlimit){ 3 << 20, old.rlim_max };
	assert_int_equal(cl_tape_open(path, &about, &tape), 0);
	setrlimit(RLIMIT_FSIZE, &limit);
	for (i = 0; !cl_tape_failed(tape); i++) {
		w = a_write(rnd(), 1 + (rnd() >> 1));
		w.submit_ns = rnd();
		w.e.ino = rnd();
		w.offset_bytes = rnd() >> 2;
		cl_tape_record(tape, &w, sizeof(w));
		assert_true(i < 1000000);
	}
	assert_true(cl_tape_end(tape, &end, &bytes) < 0);
	setrlimit(RLIMIT_FSIZE, &old);
	s = slurp(path, &len);
	assert_true(len <= 3 << 20);
	what = read_bytes(s, len);
	assert_true(what.records > 10000);
	assert_non_null(what.wrong);
	assert_true(what.ended && what.end.full);
	free(s);
	unlink(path);
}

static void killed_it_leaves_what_it_had_written(void **state)
{
	struct cl_about about = about_nothing();
	const char *path = temporary();
	struct what_is_read what;
	struct cl_tape *tape;
	struct stat st = {};
	uint64_t i;
	size_t len;
	pid_t pid;
	char *s;

	pid = fork();
	if (!pid) {
		assert_int_equal(cl_tape_open(path, &about, &tape), 0);
		for (i = 1;; i++) {
			const struct cl_ev_write w = a_write(i, 100 * i);

			cl_tape_record(tape, &w, sizeof(w));
			cl_tape_settle(tape);
		}
	}
	for (i = 0; st.st_size < 200000 && i < 10000; i++) {
		usleep(1000);
		stat(path, &st);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	s = slurp(path, &len);
	what = read_bytes(s, len);
	assert_true(what.records > 1000);
	assert_non_null(what.wrong);
	assert_false(what.ended);
	free(s);
	unlink(path);
}

static int count_frame(void *ctx, const struct cl_frame *f, uint64_t begin_ns)
{
	++*(int *)ctx;
	return 0;
}

static void a_record_does_not_wait_for_ever(void **state)
{
	const struct cl_ev_write write = a_write(1, 100);
	struct cl_writer *w;
	int frames = 0;

	w = cl_writer_new(20000000, count_frame, &frames);
	assert_int_equal(cl_writer_record(w, &write, sizeof(write)), 0);
	assert_int_equal(cl_writer_settle(w), 0);
	assert_int_equal(frames, 0);
	usleep(25000);
	assert_int_equal(cl_writer_settle(w), 0);
	assert_int_equal(frames, 1);
	usleep(25000);
	assert_int_equal(cl_writer_settle(w), 0);
	assert_int_equal(frames, 1);
	cl_writer_free(w);
}

static void only_recordings_are_replaced(void **state)
{
	struct cl_about about = about_nothing();
	const char *path = temporary();
	struct cl_tape *tape;
	uint64_t bytes;
	int round;
	FILE *f;

	/* An empty file, then a recording. */
	for (round = 0; round < 2; round++) {
		assert_int_equal(cl_tape_open(path, &about, &tape), 0);
		assert_int_equal(cl_tape_end(tape, &(struct cl_about_end){}, &bytes), 0);
	}
	f = fopen(path, "w");
	fputs("my thesis", f);
	fclose(f);
	assert_int_equal(cl_tape_open(path, &about, &tape), -EEXIST);
	unlink(path);
	assert_int_equal(cl_tape_open("/no/such/folder/file", &about, &tape), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_in_comes_out),
		cmocka_unit_test(what_it_says_of_itself_is_read_again),
		cmocka_unit_test(cut_off_anywhere_it_tells),
		cmocka_unit_test(a_changed_byte_is_noticed),
		cmocka_unit_test(what_was_put_together_is_noticed),
		cmocka_unit_test(later_versions_and_other_files_are_refused),
		cmocka_unit_test(bombs_do_not_go_off),
		cmocka_unit_test(forged_frames_are_refused),
		cmocka_unit_test(old_records_grow),
		cmocka_unit_test(a_full_disk_leaves_whole_frames),
		cmocka_unit_test(killed_it_leaves_what_it_had_written),
		cmocka_unit_test(a_record_does_not_wait_for_ever),
		cmocka_unit_test(only_recordings_are_replaced),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
