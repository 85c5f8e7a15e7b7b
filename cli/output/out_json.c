// SPDX-License-Identifier: GPL-2.0
/* JSON: each record one object on its line, docs/json.md. */
#include "output/out.h"
#include "util.h"

static void add_key(struct cl_out *o, const char *key)
{
	if (o->level[o->depth].members)
		cl_buf_puts(&o->line, ",");
	if (key) {
		cl_buf_puts(&o->line, "\"");
		cl_buf_puts(&o->line, key);
		cl_buf_puts(&o->line, "\":");
	}
}

static void json_begin(struct cl_out *o, const char *type)
{
	cl_buf_printf(&o->line, "{\"schema\":%d,\"type\":\"%s\"", CL_JSON_SCHEMA, type);
	o->level[0].members = 2;
}

static void json_end(struct cl_out *o)
{
	cl_buf_puts(&o->line, "}\n");
}

static void json_open(struct cl_out *o, const char *key, bool array)
{
	add_key(o, key);
	cl_buf_puts(&o->line, array ? "[" : "{");
}

static void json_close(struct cl_out *o, bool array)
{
	cl_buf_puts(&o->line, array ? "]" : "}");
}

static void json_value(struct cl_out *o, const char *key, const struct cl_value *v)
{
	struct cl_buf *b = &o->line;

	add_key(o, key);
	switch (v->type) {
	case CL_VAL_U64:
	case CL_VAL_NS:
	case CL_VAL_TIME:
		cl_buf_u64(b, v->u);
		break;
	case CL_VAL_S64:
	case CL_VAL_ERROR:
		cl_buf_s64(b, v->i);
		break;
	case CL_VAL_BOOL:
		cl_buf_puts(b, v->u ? "true" : "false");
		break;
	case CL_VAL_DEV:
		cl_buf_printf(b, "\"%u:%u\"", cl_dev_major(v->u), cl_dev_minor(v->u));
		break;
	case CL_VAL_STR:
		if (v->s)
			cl_buf_json(b, v->s, v->max);
		else
			cl_buf_puts(b, "null");
		break;
	}
}

const struct cl_out_ops cl_out_json_ops = {
	.begin = json_begin,
	.end = json_end,
	.open = json_open,
	.close = json_close,
	.value = json_value,
};
