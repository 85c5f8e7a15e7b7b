/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Options as tables. A subcommand keeps its options in a struct of its own and
 * describes each field in one row; parsing, --help and the usage line come from
 * that row.
 *
 *	struct pending_options {
 *		bool json;
 *		uint64_t watch_ns;
 *	};
 *
 *	static const struct cl_opt opts[] = {
 *		{ "watch", 'w', CL_OPT_DURATION, offsetof(struct pending_options, watch_ns),
 *		  "SECONDS", "print again and again" },
 *		CL_OPT_JSON_ROW(struct pending_options, json),
 *		{}
 *	};
 */
#ifndef CONVLIST_OPT_H
#define CONVLIST_OPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cl_opt_type {
	CL_OPT_FLAG = 1,	/* bool, takes no value */
	CL_OPT_U32,		/* uint32_t */
	CL_OPT_U64,		/* uint64_t */
	CL_OPT_SIZE,		/* uint64_t, bytes; 64K, 16M, 1G */
	CL_OPT_DURATION,	/* uint64_t, ns; 5, 0.5, 10s, 200ms, 3m, 1h */
	CL_OPT_STRING,		/* const char *, any */
	CL_OPT_PATH,		/* const char *, not empty */
	CL_OPT_DEV,		/* uint32_t, the kernel's dev_t; 8:1, sda1, /dev/sda1 */
};

struct cl_opt {
	const char *name;	/* long name without dashes; NULL ends the table */
	char letter;		/* 0: none */
	enum cl_opt_type type;
	size_t offset;		/* of the field in the subcommand's options struct */
	const char *metavar;	/* in help; NULL for flags */
	const char *help;
};

struct cl_opt_spec {
	const char *command;	/* "trace" */
	const char *operands;	/* for the usage line, "[--] [COMMAND...]"; NULL: takes none */
	const char *about;	/* paragraph(s) below the usage line */
	const char *examples;	/* lines, each indented by two spaces */
	const struct cl_opt *opts;
};

/* Messages are JSON as well from there on: see log.h. */
#define CL_OPT_JSON_ROW(type, field) \
	{ "json", 'j', CL_OPT_FLAG, offsetof(type, field), NULL, \
	  "print JSON, one object a line" }

enum { CL_OPT_HELP = 1 };

/*
 * Parses argv (argv[0] is the subcommand's name) into *values, which holds the
 * defaults. Options end at the first operand or at "--"; *first_operand, when
 * not NULL, gets its index, argc when there is none.
 *
 * 0: go on. CL_OPT_HELP: --help was printed to stdout, end with status 0.
 * -EINVAL: wrong usage, the message was printed, end with CL_EXIT_USAGE.
 */
int cl_opt_parse(const struct cl_opt_spec *spec, int argc, char **argv, void *values,
		 int *first_operand);

/* Value parsers, for others who read text: 0 or -EINVAL, -ERANGE. */
int cl_parse_u64(const char *s, uint64_t *v);	/* decimal or 0x */
int cl_parse_s64(const char *s, int64_t *v);
int cl_parse_size(const char *s, uint64_t *bytes);
int cl_parse_duration(const char *s, uint64_t *ns);
/* Also -ENOENT, -ENOTBLK ...: a name that is no device. */
int cl_parse_dev(const char *s, uint32_t *dev);

#endif
