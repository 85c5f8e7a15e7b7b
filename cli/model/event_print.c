// SPDX-License-Identifier: GPL-2.0
#include "model/event_table.h"
#include "output/buf.h"
#include "output/output.h"

static void print_flags(struct cl_out *o, const char *key, unsigned int flags)
{
	struct cl_buf b = {};
	unsigned int i;

	/* Rare, so it is there only when it says something. */
	if (!flags)
		return;
	for (i = 0; i < CL_FLAG_BITS; i++)
		if (flags & 1 << i)
			cl_buf_printf(&b, "%s%s", b.len ? "," : "", cl_flag_names[i]);
	cl_out_str(o, key, b.s);
	cl_buf_free(&b);
}

static void print_field(struct cl_out *o, const struct cl_event *e, const struct cl_field *f)
{
	const void *p = (const char *)e + f->offset;

	if (f->rare && !(f->type == CL_FIELD_ENUM ? *(const __u32 *)p : *(const __u64 *)p))
		return;
	switch (f->type) {
	case CL_FIELD_U32:
		cl_out_u64(o, f->name, *(const __u32 *)p);
		break;
	case CL_FIELD_U64:
		cl_out_u64(o, f->name, *(const __u64 *)p);
		break;
	case CL_FIELD_S64:
		cl_out_s64(o, f->name, *(const __s64 *)p);
		break;
	case CL_FIELD_TIME:
		cl_out_time(o, f->name, *(const __u64 *)p);
		break;
	case CL_FIELD_ERROR:
		cl_out_error_code(o, f->name, *(const __s32 *)p);
		break;
	case CL_FIELD_BOOL:
		cl_out_bool(o, f->name, *(const __u32 *)p);
		break;
	case CL_FIELD_ENUM:
		cl_out_str(o, f->name, f->names[*(const __u32 *)p]);
		break;
	case CL_FIELD_DEV:
		cl_out_dev(o, f->name, *(const __u32 *)p);
		break;
	case CL_FIELD_FLAGS:
		print_flags(o, f->name, *(const __u16 *)p);
		break;
	case CL_FIELD_COMM:
		cl_out_strn(o, f->name, p, CL_COMM_LEN);
		break;
	case CL_FIELD_PATH:
		cl_out_strn(o, f->name, p, CL_PATH_MAX);
		break;
	}
}

void cl_event_print(struct cl_out *o, const struct cl_event *e)
{
	const struct cl_event_info *info = cl_event_info(e->kind);
	const struct cl_field *f;

	cl_out_str(o, "kind", info->name);
	for (f = cl_event_header_fields; f->name; f++)
		print_field(o, e, f);
	for (f = info->fields; f->name; f++)
		print_field(o, e, f);
}
