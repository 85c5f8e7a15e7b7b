// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "unit.h"
#include "opt.h"

struct values {
	bool json, quiet;
	uint32_t number, dev;
	uint64_t big, size, time_ns;
	const char *name, *path;
};

#define ROW(name, letter, type, field) \
	{ name, letter, type, offsetof(struct values, field), "X", "help" }

static const struct cl_opt opts[] = {
	CL_OPT_JSON_ROW(struct values, json),
	ROW("quiet", 'q', CL_OPT_FLAG, quiet),
	ROW("number", 'n', CL_OPT_U32, number),
	ROW("big", 0, CL_OPT_U64, big),
	ROW("size", 's', CL_OPT_SIZE, size),
	ROW("time", 't', CL_OPT_DURATION, time_ns),
	ROW("name", 'N', CL_OPT_STRING, name),
	ROW("path", 'p', CL_OPT_PATH, path),
	ROW("device", 'd', CL_OPT_DEV, dev),
	{}
};

static const struct cl_opt_spec no_operands = { "test", NULL, "About.", NULL, opts };
static const struct cl_opt_spec with_operands = { "test", "[WORD...]", "About.", "  test", opts };

#define PARSE(spec, v, first, ...) \
	parse(spec, v, first, (const char *const[]){ "test", ##__VA_ARGS__, NULL })

static int parse(const struct cl_opt_spec *spec, struct values *v, int *first,
		 const char *const *argv)
{
	int argc = 0;

	memset(v, 0, sizeof(*v));
	while (argv[argc])
		argc++;
	return cl_opt_parse(spec, argc, (char **)argv, v, first);
}

static void all_forms_are_read(void **state)
{
	struct values v;
	int first;

	assert_int_equal(PARSE(&no_operands, &v, &first, "-jq", "-n5", "--big=0x10", "--size", "64K",
			       "-t", "200ms", "--name=", "-p/x", "-d8:17"), 0);
	assert_true(v.json && v.quiet);
	assert_int_equal(v.number, 5);
	assert_int_equal(v.big, 16);
	assert_int_equal(v.size, 65536);
	assert_int_equal(v.time_ns, 200000000);
	assert_string_equal(v.name, "");
	assert_string_equal(v.path, "/x");
	assert_int_equal(v.dev, 8 << 20 | 17);
	assert_int_equal(first, 11);
	assert_int_equal(PARSE(&no_operands, &v, &first, "-jn", "7"), 0);
	assert_true(v.json && v.number == 7);
}

static void options_end_at_the_command(void **state)
{
	struct values v;
	int first;

	assert_int_equal(PARSE(&with_operands, &v, &first, "-j", "fio", "-q"), 0);
	assert_int_equal(first, 2);
	assert_false(v.quiet);
	assert_int_equal(PARSE(&with_operands, &v, &first, "-j", "--", "-q"), 0);
	assert_int_equal(first, 3);
	assert_int_equal(PARSE(&with_operands, &v, &first, "-"), 0);
	assert_int_equal(first, 1);
	assert_int_equal(PARSE(&with_operands, &v, &first), 0);
	assert_int_equal(first, 1);
}

static void wrong_usage_is_refused(void **state)
{
	struct values v;

	assert_int_equal(PARSE(&no_operands, &v, NULL, "--nonsense"), -EINVAL);
	assert_int_equal(PARSE(&no_operands, &v, NULL, "--js"), -EINVAL);
	assert_int_equal(PARSE(&no_operands, &v, NULL, "--=5"), -EINVAL);
	assert_int_equal(PARSE(&no_operands, &v, NULL, "-x"), -EINVAL);
	assert_int_equal(PARSE(&no_operands, &v, NULL, "-jx"), -EINVAL);
	assert_int_equal(PARSE(&no_operands, &v, NULL, "--json=1"), -EINVAL);
	assert_int_equal(PARSE(&no_operands, &v, NULL, "-n"), -EINVAL);
	assert_int_equal(PARSE(&no_operands, &v, NULL, "--number"), -EINVAL);
	assert_int_equal(PARSE(&no_operands, &v, NULL, "-n", "4294967296"), -EINVAL);
	assert_int_equal(PARSE(&no_operands, &v, NULL, "-n", "-1"), -EINVAL);
	assert_int_equal(PARSE(&no_operands, &v, NULL, "-n", " 1"), -EINVAL);
	assert_int_equal(PARSE(&no_operands, &v, NULL, "-p", ""), -EINVAL);
	assert_int_equal(PARSE(&no_operands, &v, NULL, "-d", "nosuchdevice"), -EINVAL);
	assert_int_equal(PARSE(&no_operands, &v, NULL, "-d", "/dev/null"), -EINVAL);
	assert_int_equal(PARSE(&no_operands, &v, NULL, "operand"), -EINVAL);
}

static void help_is_no_error(void **state)
{
	struct values v;

	assert_int_equal(PARSE(&with_operands, &v, NULL, "--help"), CL_OPT_HELP);
	assert_int_equal(PARSE(&no_operands, &v, NULL, "-jh"), CL_OPT_HELP);
}

static void numbers(void **state)
{
	uint64_t u;
	int64_t s;

	assert_int_equal(cl_parse_u64("18446744073709551615", &u), 0);
	assert_true(u == UINT64_MAX);
	assert_int_equal(cl_parse_u64("18446744073709551616", &u), -ERANGE);
	assert_int_equal(cl_parse_u64("", &u), -EINVAL);
	assert_int_equal(cl_parse_u64("0x", &u), -EINVAL);
	assert_int_equal(cl_parse_u64("12z", &u), -EINVAL);
	assert_int_equal(cl_parse_s64("-9223372036854775808", &s), 0);
	assert_true(s == INT64_MIN);
	assert_int_equal(cl_parse_s64("9223372036854775808", &s), -ERANGE);
	assert_int_equal(cl_parse_s64("--1", &s), -EINVAL);
	assert_int_equal(cl_parse_s64("-", &s), -EINVAL);
}

static void sizes_and_durations(void **state)
{
	uint64_t v;

	assert_int_equal(cl_parse_size("1.5M", &v), 0);
	assert_int_equal(v, 3 << 19);
	assert_int_equal(cl_parse_size("2GiB", &v), 0);
	assert_int_equal(v, 2ULL << 30);
	assert_int_equal(cl_parse_size("1T", &v), -EINVAL);
	assert_int_equal(cl_parse_size("-1", &v), -EINVAL);
	assert_int_equal(cl_parse_size("inf", &v), -EINVAL);
	assert_int_equal(cl_parse_size("0x10", &v), -EINVAL);
	assert_int_equal(cl_parse_size("99999999999G", &v), -ERANGE);
	assert_int_equal(cl_parse_duration("0.5", &v), 0);
	assert_int_equal(v, 500000000);
	assert_int_equal(cl_parse_duration("3m", &v), 0);
	assert_int_equal(v, 180000000000ULL);
	assert_int_equal(cl_parse_duration("5 s", &v), -EINVAL);
	assert_int_equal(cl_parse_duration(".", &v), -EINVAL);
}

static void devices(void **state)
{
	uint32_t dev;

	assert_int_equal(cl_parse_dev("259:1048575", &dev), 0);
	assert_int_equal(cl_dev_major(dev), 259);
	assert_int_equal(cl_dev_minor(dev), 1048575);
	assert_int_equal(cl_parse_dev("4096:0", &dev), -ERANGE);
	assert_int_equal(cl_parse_dev("8:1048576", &dev), -ERANGE);
	assert_int_equal(cl_parse_dev("8:1x", &dev), -ENOENT);
	assert_int_equal(cl_parse_dev("/dev/null", &dev), -ENOTBLK);
	assert_int_equal(cl_parse_dev("", &dev), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_forms_are_read),
		cmocka_unit_test(options_end_at_the_command),
		cmocka_unit_test(wrong_usage_is_refused),
		cmocka_unit_test(help_is_no_error),
		cmocka_unit_test(numbers),
		cmocka_unit_test(sizes_and_durations),
		cmocka_unit_test(devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
