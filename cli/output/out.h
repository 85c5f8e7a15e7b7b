/* SPDX-License-Identifier: GPL-2.0 */
/* What the back ends share; users of output include output.h. */
#ifndef CONVLIST_OUT_H
#define CONVLIST_OUT_H

#include "output/buf.h"
#include "output/output.h"

#define CL_OUT_DEPTH 16
#define CL_OUT_COLUMNS 16
#define CL_OUT_BATCH_BYTES 32768

enum cl_value_type {
	CL_VAL_U64,
	CL_VAL_S64,
	CL_VAL_BOOL,
	CL_VAL_STR,	/* s, at most max bytes; s NULL: null */
	CL_VAL_NS,
	CL_VAL_TIME,
	CL_VAL_DEV,
	CL_VAL_ERROR,
};

struct cl_value {
	enum cl_value_type type;
	union {
		uint64_t u;
		int64_t i;
		const char *s;
	};
	size_t max;
};

struct cl_out_ops {
	void (*begin)(struct cl_out *o, const char *type);
	void (*end)(struct cl_out *o);	/* leaves the whole record in o->line */
	void (*open)(struct cl_out *o, const char *key, bool array);
	void (*close)(struct cl_out *o, bool array);
	void (*value)(struct cl_out *o, const char *key, const struct cl_value *v);
};

struct cl_out {
	FILE *f;
	const struct cl_out_ops *ops;
	int error;
	bool colour;
	bool batch;
	bool row;		/* else a block */
	const char *type;
	struct cl_buf line;
	struct cl_buf held;	/* records that are ended and not written yet */

	/* Open objects and arrays; level[0] is the record itself. */
	unsigned int depth;
	struct {
		bool array;
		unsigned int members;
	} level[CL_OUT_DEPTH];

	/* Text tables */
	const struct cl_out_column *cols;
	unsigned int cells_left;	/* columns of the row that are not filled yet */
	bool header_due;
	struct cl_buf cell[CL_OUT_COLUMNS];
	struct cl_buf rest;
};

#define X(name, ops) extern const struct cl_out_ops ops;
#include "output/formats.def"
#undef X

#endif
