// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log.h"
#include "opt.h"
#include "util.h"

/* How an option was written, for messages. */
struct written {
	const struct cl_opt_spec *spec;
	const char *text;	/* "-x" or "--xyz" */
	int len;
};

static int usage_error(const struct cl_opt_spec *spec)
{
	cl_err("try 'convlist %s --help'", spec->command);
	return -EINVAL;
}

static void print_help(const struct cl_opt_spec *spec)
{
	const struct cl_opt *o;
	char left[64];

	printf("Usage: convlist %s [OPTIONS]%s%s\n\n%s\n\nOptions:\n", spec->command,
	       spec->operands ? " " : "", spec->operands ? spec->operands : "", spec->about);
	for (o = spec->opts; o->name; o++) {
		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", o->letter ? '-' : ' ',
			 o->letter ? o->letter : ' ', o->letter ? "," : " ", o->name,
			 o->metavar ? " " : "", o->metavar ? o->metavar : "");
		printf("  %-24s  %s\n", left, o->help);
	}
	printf("  %-24s  %s\n", "-h, --help", "print this help");
	if (spec->examples)
		printf("\nExamples:\n%s\n", spec->examples);
}

static const char *wanted(enum cl_opt_type type)
{
	switch (type) {
	case CL_OPT_U32:
	case CL_OPT_U64:
		return "a number";
	case CL_OPT_SIZE:
		return "a size such as 65536, 64K or 16M";
	case CL_OPT_DURATION:
		return "a time such as 10, 0.5, 200ms or 3m";
	case CL_OPT_DEV:
		return "a block device such as 8:1, sda1 or /dev/sda1";
	default:
		return "a name";
	}
}

static int store(const struct cl_opt *o, const char *s, void *values)
{
	void *field = (char *)values + o->offset;
	uint64_t v;
	int err = 0;

	switch (o->type) {
	case CL_OPT_FLAG:
		*(bool *)field = true;
		/* Messages follow, that on the next wrong option included. */
		if (!strcmp(o->name, "json"))
			cl_log_set_json(true);
		return 0;
	case CL_OPT_U32:
		err = cl_parse_u64(s, &v);
		if (!err && v > UINT32_MAX)
			err = -ERANGE;
		if (!err)
			*(uint32_t *)field = v;
		return err;
	case CL_OPT_U64:
		return cl_parse_u64(s, field);
	case CL_OPT_SIZE:
		return cl_parse_size(s, field);
	case CL_OPT_DURATION:
		return cl_parse_duration(s, field);
	case CL_OPT_DEV:
		return cl_parse_dev(s, field);
	case CL_OPT_PATH:
		if (!*s)
			return -EINVAL;
		*(const char **)field = s;
		return 0;
	case CL_OPT_STRING:
		*(const char **)field = s;
		return 0;
	}
	return -EINVAL;
}

static int set(const struct written *w, const struct cl_opt *o, const char *value, void *values)
{
	int err;

	err = store(o, value, values);
	if (!err)
		return 0;
	if (o->type == CL_OPT_DEV && err != -EINVAL && err != -ERANGE)
		cl_err("%.*s %s: %s", w->len, w->text, value, strerror(-err));
	else if (err == -ERANGE)
		cl_err("%.*s: '%s' is too large", w->len, w->text, value);
	else
		cl_err("%.*s takes %s, not '%s'", w->len, w->text, wanted(o->type), value);
	return usage_error(w->spec);
}

static int need_value(const struct written *w, int argc, char **argv, int *i, const char **value)
{
	if (*i + 1 >= argc) {
		cl_err("%.*s takes a value", w->len, w->text);
		return usage_error(w->spec);
	}
	*value = argv[++*i];
	return 0;
}

/* --name, --name=value or --name value */
static int parse_long(const struct cl_opt_spec *spec, int argc, char **argv, int *i, void *values)
{
	const char *name = argv[*i] + 2, *value = strchr(name, '=');
	int len = value ? value - name : (int)strlen(name), err;
	const struct written w = { spec, argv[*i], len + 2 };
	const struct cl_opt *o;

	for (o = spec->opts; o->name; o++)
		if (!strncmp(o->name, name, len) && !o->name[len])
			break;
	if (!o->name) {
		if (len == 4 && !strncmp(name, "help", 4)) {
			print_help(spec);
			return CL_OPT_HELP;
		}
		cl_err("%s: unknown option '%s'", spec->command, argv[*i]);
		return usage_error(spec);
	}
	if (o->type == CL_OPT_FLAG) {
		if (value) {
			cl_err("%.*s takes no value", w.len, w.text);
			return usage_error(spec);
		}
		return set(&w, o, "", values);
	}
	if (value)
		return set(&w, o, value + 1, values);
	err = need_value(&w, argc, argv, i, &value);
	return err ? err : set(&w, o, value, values);
}

/* -x, -xyz (flags), -xVALUE or -x VALUE */
static int parse_short(const struct cl_opt_spec *spec, int argc, char **argv, int *i, void *values)
{
	const char *s, *value;
	int err;

	for (s = argv[*i] + 1; *s; s++) {
		const char text[] = { '-', *s, '\0' };
		const struct written w = { spec, text, 2 };
		const struct cl_opt *o;

		for (o = spec->opts; o->name; o++)
			if (o->letter == *s)
				break;
		if (!o->name) {
			if (*s == 'h') {
				print_help(spec);
				return CL_OPT_HELP;
			}
			cl_err("%s: unknown option '%s'", spec->command, text);
			return usage_error(spec);
		}
		if (o->type == CL_OPT_FLAG) {
			err = set(&w, o, "", values);
			if (err)
				return err;
			continue;
		}
		if (s[1])
			return set(&w, o, s + 1, values);
		err = need_value(&w, argc, argv, i, &value);
		return err ? err : set(&w, o, value, values);
	}
	return 0;
}

int cl_opt_parse(const struct cl_opt_spec *spec, int argc, char **argv, void *values,
		 int *first_operand)
{
	int i, err;

	for (i = 1; i < argc; i++) {
		if (argv[i][0] != '-' || !argv[i][1])
			break;
		if (!strcmp(argv[i], "--")) {
			i++;
			break;
		}
		if (argv[i][1] == '-')
			err = parse_long(spec, argc, argv, &i, values);
		else
			err = parse_short(spec, argc, argv, &i, values);
		if (err)
			return err;
	}
	if (i < argc && !spec->operands) {
		cl_err("%s: unexpected operand '%s'", spec->command, argv[i]);
		return usage_error(spec);
	}
	if (first_operand)
		*first_operand = i;
	return 0;
}
