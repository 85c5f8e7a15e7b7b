/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One description of the data, several forms of print. A subcommand says once
 * what there is, field by field; the back end chosen prints it, for people as
 * aligned text, for programs as JSON (one object a line, docs/json.md).
 *
 *	cl_out_row_begin(o, "pending");		// {"schema":1,"type":"pending",
 *	cl_out_dev(o, "dev", dev);		//  "dev":"8:1",
 *	cl_out_u64(o, "ino", ino);		//  "ino":12,
 *	cl_out_ns(o, "age_ns", age);		//  "age_ns":1200000,
 *	cl_out_array(o, "ranges");		//  "ranges":[
 *	cl_out_object(o, NULL);			//   {
 *	...
 *	cl_out_close(o);			//   }
 *	cl_out_close(o);			//  ]
 *	cl_out_end(o);				// }
 *
 * Units stand in the keys (_ns, _bytes); text drops the suffix and prints the
 * unit with the value. Strings are escaped by the back end, in both forms:
 * pass names as they are.
 */
#ifndef CONVLIST_OUTPUT_H
#define CONVLIST_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define CL_JSON_SCHEMA 1

struct cl_out;

/*
 * A column of text rows; negative width: left aligned; 0: only JSON shows it, and
 * it stands before those that are shown. Ends with key NULL.
 */
struct cl_out_column {
	const char *key;	/* the field that goes here */
	const char *title;
	int width;
};

/* format: "text" or "json". NULL when out of memory or no such format. */
struct cl_out *cl_out_new(FILE *f, const char *format);
void cl_out_free(struct cl_out *o);

/*
 * 0, or the first write error as negative errno; -EPIPE: the reader is gone.
 * Records are written as they end, but see cl_out_batch().
 */
int cl_out_error(const struct cl_out *o);

/*
 * From here on records are kept until cl_out_flush(), or until there are many:
 * no system call a record. Who batches must flush before he waits, and at the end.
 */
void cl_out_batch(struct cl_out *o);
void cl_out_flush(struct cl_out *o);

/*
 * Text rows from here on are a table: fields named here go to their columns,
 * all others follow as key=value. The header line is printed with the next row.
 * The columns must outlive the rows. Fields in columns come in columns' order.
 */
void cl_out_columns(struct cl_out *o, const struct cl_out_column *cols);

/* A record, one JSON object with its type. Row: one line of text. Block: a
 * heading and a line per field; objects inside take one line each. */
void cl_out_row_begin(struct cl_out *o, const char *type);
void cl_out_block_begin(struct cl_out *o, const char *type);
void cl_out_end(struct cl_out *o);

/* Inside a record. key is NULL for the members of an array. */
void cl_out_object(struct cl_out *o, const char *key);
void cl_out_array(struct cl_out *o, const char *key);
void cl_out_close(struct cl_out *o);	/* the innermost object or array */

void cl_out_u64(struct cl_out *o, const char *key, uint64_t v);
void cl_out_s64(struct cl_out *o, const char *key, int64_t v);
void cl_out_bool(struct cl_out *o, const char *key, bool v);
void cl_out_str(struct cl_out *o, const char *key, const char *s);	/* NULL: null */
void cl_out_strn(struct cl_out *o, const char *key, const char *s, size_t max);
void cl_out_null(struct cl_out *o, const char *key);	/* JSON null; text '-' */
void cl_out_ns(struct cl_out *o, const char *key, uint64_t ns);	/* a length of time */
/* From one point in time to another; null when one of them is 0. */
void cl_out_span(struct cl_out *o, const char *key, uint64_t from_ns, uint64_t to_ns);
void cl_out_time(struct cl_out *o, const char *key, uint64_t ns);	/* since boot */
void cl_out_dev(struct cl_out *o, const char *key, uint32_t dev);	/* "8:1" */
void cl_out_error_code(struct cl_out *o, const char *key, int error);	/* 0 or -errno */

#endif
