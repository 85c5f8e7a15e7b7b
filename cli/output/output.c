// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "output/out.h"
#include "util.h"

static const struct {
	const char *name;
	const struct cl_out_ops *ops;
} formats[] = {
#define X(name, ops) { #name, &ops },
#include "output/formats.def"
#undef X
};

struct cl_out *cl_out_new(FILE *f, const char *format)
{
	const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
	struct cl_out *o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i].name, format))
			break;
	if (i == ARRAY_SIZE(formats))
		return NULL;
	o = calloc(1, sizeof(*o));
	if (!o)
		return NULL;
	o->f = f;
	o->ops = formats[i].ops;
	o->colour = isatty(fileno(f)) && !(no_colour && *no_colour) && term &&
		    strcmp(term, "dumb");
	return o;
}

void cl_out_free(struct cl_out *o)
{
	size_t i;

	if (!o)
		return;
	for (i = 0; i < ARRAY_SIZE(o->cell); i++)
		cl_buf_free(&o->cell[i]);
	cl_buf_free(&o->rest);
	cl_buf_free(&o->line);
	cl_buf_free(&o->held);
	free(o);
}

int cl_out_error(const struct cl_out *o)
{
	return o->error;
}

void cl_out_columns(struct cl_out *o, const struct cl_out_column *cols)
{
	o->cols = cols;
	o->header_due = true;
}

static void begin(struct cl_out *o, const char *type, bool row)
{
	cl_buf_clear(&o->line);
	o->row = row;
	o->type = type;
	o->depth = 0;
	o->level[0].array = false;
	o->level[0].members = 0;
	o->ops->begin(o, type);
}

void cl_out_row_begin(struct cl_out *o, const char *type)
{
	begin(o, type, true);
}

void cl_out_block_begin(struct cl_out *o, const char *type)
{
	begin(o, type, false);
}

void cl_out_end(struct cl_out *o)
{
	o->ops->end(o);
	if (o->line.oom && !o->error)
		o->error = -ENOMEM;
	if (o->error)
		return;
	cl_buf_add(&o->held, o->line.s, o->line.len);
	/* At once, a whole record: readers of a pipe see it, and see it whole. */
	if (!o->batch || o->held.len >= CL_OUT_BATCH_BYTES)
		cl_out_flush(o);
}

void cl_out_batch(struct cl_out *o)
{
	o->batch = true;
}

void cl_out_flush(struct cl_out *o)
{
	if (o->held.oom && !o->error)
		o->error = -ENOMEM;
	if (!o->error && o->held.len &&
	    (fwrite(o->held.s, 1, o->held.len, o->f) != o->held.len || fflush(o->f)))
		o->error = errno ? -errno : -EIO;
	cl_buf_clear(&o->held);
}

static void open_level(struct cl_out *o, const char *key, bool array)
{
	if (o->depth + 1 == CL_OUT_DEPTH)
		abort();	/* a programming error: nothing nests by its input */
	o->ops->open(o, key, array);
	o->level[o->depth++].members++;
	o->level[o->depth].array = array;
	o->level[o->depth].members = 0;
}

void cl_out_object(struct cl_out *o, const char *key)
{
	open_level(o, key, false);
}

void cl_out_array(struct cl_out *o, const char *key)
{
	open_level(o, key, true);
}

void cl_out_close(struct cl_out *o)
{
	bool array = o->level[o->depth--].array;

	o->ops->close(o, array);
}

static void value(struct cl_out *o, const char *key, struct cl_value v)
{
	o->ops->value(o, key, &v);
	o->level[o->depth].members++;
}

void cl_out_u64(struct cl_out *o, const char *key, uint64_t v)
{
	value(o, key, (struct cl_value){ .type = CL_VAL_U64, .u = v });
}

void cl_out_s64(struct cl_out *o, const char *key, int64_t v)
{
	value(o, key, (struct cl_value){ .type = CL_VAL_S64, .i = v });
}

void cl_out_bool(struct cl_out *o, const char *key, bool v)
{
	value(o, key, (struct cl_value){ .type = CL_VAL_BOOL, .u = v });
}

void cl_out_str(struct cl_out *o, const char *key, const char *s)
{
	value(o, key, (struct cl_value){ .type = CL_VAL_STR, .s = s, .max = SIZE_MAX });
}

void cl_out_strn(struct cl_out *o, const char *key, const char *s, size_t max)
{
	value(o, key, (struct cl_value){ .type = CL_VAL_STR, .s = s, .max = max });
}

void cl_out_null(struct cl_out *o, const char *key)
{
	cl_out_str(o, key, NULL);
}

void cl_out_ns(struct cl_out *o, const char *key, uint64_t ns)
{
	value(o, key, (struct cl_value){ .type = CL_VAL_NS, .u = ns });
}

void cl_out_span(struct cl_out *o, const char *key, uint64_t from_ns, uint64_t to_ns)
{
	/* Stamps of two CPUs may be a little out of step. */
	if (from_ns && to_ns)
		cl_out_ns(o, key, to_ns > from_ns ? to_ns - from_ns : 0);
	else
		cl_out_null(o, key);
}

void cl_out_time(struct cl_out *o, const char *key, uint64_t ns)
{
	value(o, key, (struct cl_value){ .type = CL_VAL_TIME, .u = ns });
}

void cl_out_dev(struct cl_out *o, const char *key, uint32_t dev)
{
	value(o, key, (struct cl_value){ .type = CL_VAL_DEV, .u = dev });
}

void cl_out_error_code(struct cl_out *o, const char *key, int error)
{
	value(o, key, (struct cl_value){ .type = CL_VAL_ERROR, .i = error });
}
