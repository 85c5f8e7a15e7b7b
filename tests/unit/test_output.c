// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <jansson.h>

#include "unit.h"
#include "output/buf.h"
#include "output/output.h"

static void expect_text(const char *in, const char *out)
{
	struct cl_buf b = {};

	cl_buf_text(&b, in, SIZE_MAX);
	assert_string_equal(b.s ? b.s : "", out);
	cl_buf_free(&b);
}

static void expect_json(const char *in, const char *out)
{
	struct cl_buf b = {};

	cl_buf_json(&b, in, SIZE_MAX);
	assert_string_equal(b.s, out);
	cl_buf_free(&b);
}

static void terminals_get_no_control_characters(void **state)
{
	expect_text("", "");
	expect_text("/a b/\xc3\xa4", "/a b/\xc3\xa4");
	expect_text("\033[2J\n\x7f", "\\x1b[2J\\x0a\\x7f");
	expect_text("\xc2\x9b", "\\xc2\\x9b");		/* C1: the one-byte CSI */
	expect_text("a\\x", "a\\\\x");
	expect_text("\xff\xc3", "\\xff\\xc3");		/* no UTF-8, cut off */
	expect_text("\xc0\xaf", "\\xc0\\xaf");		/* overlong */
	expect_text("\xed\xa0\x80", "\\xed\\xa0\\x80");	/* a surrogate */
	expect_text("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
}

static void json_strings_are_valid(void **state)
{
	expect_json("", "\"\"");
	expect_json("a\"b\\c\n", "\"a\\\"b\\\\c\\u000a\"");
	expect_json("\xc3\xa4\xf0\x9f\x98\x80", "\"\xc3\xa4\xf0\x9f\x98\x80\"");
	expect_json("\xff\xc3", "\"\\ufffd\\ufffd\"");
	expect_json("\x7f\xc2\x9b", "\"\\u007f\\u009b\"");
}

static void strings_end_at_their_limit(void **state)
{
	const char comm[4] = { 'a', 'b', 'c', '\xc3' };
	struct cl_buf b = {};

	cl_buf_text(&b, comm, sizeof(comm));
	assert_string_equal(b.s, "abc\\xc3");
	cl_buf_free(&b);
}

static void numbers_are_whole(void **state)
{
	struct cl_buf b = {};

	cl_buf_u64(&b, 0);
	cl_buf_puts(&b, " ");
	cl_buf_u64(&b, UINT64_MAX);
	cl_buf_puts(&b, " ");
	cl_buf_s64(&b, INT64_MIN);
	cl_buf_puts(&b, " ");
	cl_buf_s64(&b, -10);
	assert_string_equal(b.s, "0 18446744073709551615 -9223372036854775808 -10");
	cl_buf_free(&b);
}

/* Formatted text of any length, where the buffer has just no room left and just some. */
static void printf_grows_the_buffer(void **state)
{
	char text[600];

	for (size_t len = 0; len < sizeof(text); len++) {
		struct cl_buf b = {};

		memset(text, 'x', len);
		text[len] = '\0';
		cl_buf_puts(&b, "a");
		cl_buf_printf(&b, "%s.", text);
		assert_int_equal(b.len, len + 2);
		assert_int_equal(strlen(b.s), len + 2);
		assert_int_equal(b.s[len + 1], '.');
		cl_buf_free(&b);
	}
}

static void print_all(struct cl_out *o)
{
	static const struct cl_out_column cols[] = {
		{ "hidden", "", 0 }, { "ino", "INO", 5 }, { "comm", "COMM", -6 }, {}
	};

	cl_out_columns(o, cols);
	cl_out_row_begin(o, "row");
	cl_out_str(o, "comm", "a\tb");
	cl_out_u64(o, "ino", 12);
	cl_out_bool(o, "hidden", true);
	cl_out_array(o, "ranges");
	cl_out_object(o, NULL);
	cl_out_s64(o, "offset_bytes", -1);
	cl_out_close(o);
	cl_out_close(o);
	cl_out_str(o, "name", "x y");
	cl_out_end(o);

	cl_out_block_begin(o, "block");
	cl_out_null(o, "none");
	cl_out_ns(o, "age_ns", 1500000);
	cl_out_object(o, "inner");
	cl_out_time(o, "at_ns", 2000001000);
	cl_out_dev(o, "dev", 8 << 20 | 1);
	cl_out_close(o);
	cl_out_array(o, "empty");
	cl_out_close(o);
	cl_out_array(o, "list");
	cl_out_object(o, NULL);
	cl_out_error_code(o, "error", -EIO);
	cl_out_close(o);
	cl_out_close(o);
	cl_out_end(o);
}

static char *printed(const char *format)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	struct cl_out *o = cl_out_new(f, format);

	print_all(o);
	assert_int_equal(cl_out_error(o), 0);
	cl_out_free(o);
	fclose(f);
	return text;
}

static void text_is_aligned(void **state)
{
	char *text = printed("text");

	assert_string_equal(text,
			    "  INO  COMM\n"
			    "   12  a\\x09b  ranges=[{offset=-1}] name=\"x y\"\n"
			    "block\n"
			    "  none               -\n"
			    "  age                1.50ms\n"
			    "  inner              at=2.000001 dev=8:1\n"
			    "  empty              -\n"
			    "  list\n"
			    "    error=-EIO\n");
	free(text);
}

static void json_is_one_object_a_line(void **state)
{
	char *text = printed("json"), *second = strchr(text, '\n') + 1;
	json_t *row, *block;

	second[-1] = '\0';
	row = json_loads(text, 0, NULL);
	block = json_loads(second, 0, NULL);
	assert_non_null(row);
	assert_non_null(block);
	assert_int_equal(json_integer_value(json_object_get(row, "schema")), CL_JSON_SCHEMA);
	assert_string_equal(json_string_value(json_object_get(row, "type")), "row");
	assert_string_equal(json_string_value(json_object_get(row, "comm")), "a\tb");
	assert_true(json_is_true(json_object_get(row, "hidden")));
	assert_int_equal(json_array_size(json_object_get(row, "ranges")), 1);
	assert_true(json_is_null(json_object_get(block, "none")));
	assert_int_equal(json_integer_value(json_object_get(block, "age_ns")), 1500000);
	assert_int_equal(json_array_size(json_object_get(block, "empty")), 0);
	json_decref(row);
	json_decref(block);
	free(text);
}

static void write_errors_are_kept(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct cl_out *o = cl_out_new(full, "json");

	print_all(o);
	assert_int_equal(cl_out_error(o), -ENOSPC);
	cl_out_free(o);
	fclose(full);
}

static void batches_go_out_when_flushed_or_large(void **state)
{
	char *text = NULL;
	size_t size = 0, records = 0;
	FILE *f = open_memstream(&text, &size);
	struct cl_out *o = cl_out_new(f, "json");

	cl_out_batch(o);
	print_all(o);
	fflush(f);
	assert_int_equal(size, 0);
	cl_out_flush(o);
	assert_int_equal(size, strlen(text));
	assert_int_equal(text[size - 1], '\n');
	for (size_t before = size; size == before; records++)
		print_all(o);
	assert_true(records > 10);
	assert_int_equal(text[size - 1], '\n');	/* whole records */
	cl_out_free(o);
	fclose(f);
	free(text);
}

static void a_batch_keeps_its_error(void **state)
{
	FILE *full = fopen("/dev/full", "w");
	struct cl_out *o = cl_out_new(full, "json");

	cl_out_batch(o);
	print_all(o);
	assert_int_equal(cl_out_error(o), 0);
	cl_out_flush(o);
	assert_int_equal(cl_out_error(o), -ENOSPC);
	cl_out_flush(o);
	assert_int_equal(cl_out_error(o), -ENOSPC);
	cl_out_free(o);
	fclose(full);
}

static void formats_have_names(void **state)
{
	assert_null(cl_out_new(stdout, "xml"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terminals_get_no_control_characters),
		cmocka_unit_test(json_strings_are_valid),
		cmocka_unit_test(strings_end_at_their_limit),
		cmocka_unit_test(numbers_are_whole),
		cmocka_unit_test(printf_grows_the_buffer),
		cmocka_unit_test(text_is_aligned),
		cmocka_unit_test(json_is_one_object_a_line),
		cmocka_unit_test(write_errors_are_kept),
		cmocka_unit_test(batches_go_out_when_flushed_or_large),
		cmocka_unit_test(a_batch_keeps_its_error),
		cmocka_unit_test(formats_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
