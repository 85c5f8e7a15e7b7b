// SPDX-License-Identifier: GPL-2.0
/*
 * Text for people. A row is one line: the table's columns, then all other
 * fields as key=value. A block is a heading and a line per field:
 *
 *	violation
 *	  rule               converted_before_fsync_returns
 *	  write              offset=4096 size=4096 comm=fio
 */
#include <inttypes.h>
#include <string.h>

#include "output/out.h"
#include "util.h"

#define LABEL_WIDTH 18

/* Text shows the unit with the value, or it is plain: bytes, blocks, ids. */
static int label_len(const char *key)
{
	static const char *const units[] = { "_ns", "_bytes" };
	size_t len = strlen(key), i, n;

	/* Most keys have no unit, and many are printed. */
	if (!len || key[len - 1] != 's')
		return len;
	for (i = 0; i < ARRAY_SIZE(units); i++) {
		n = strlen(units[i]);
		if (len > n && !strcmp(key + len - n, units[i]))
			return len - n;
	}
	return len;
}

static void add_ns(struct cl_buf *b, uint64_t ns)
{
	if (ns < 1000)
		cl_buf_printf(b, "%" PRIu64 "ns", ns);
	else if (ns < 1000000)
		cl_buf_printf(b, "%.1fus", ns / 1e3);
	else if (ns < 1000000000)
		cl_buf_printf(b, "%.2fms", ns / 1e6);
	else
		cl_buf_printf(b, "%.3fs", ns / 1e9);
}

/* ".000042" */
static void add_micros(struct cl_buf *b, uint32_t us)
{
	char s[] = ".000000";
	size_t i;

	for (i = sizeof(s) - 2; us; us /= 10)
		s[i--] += us % 10;
	cl_buf_puts(b, s);
}

/* quote: where the end of a string with blanks in it could not be seen */
static void add_str(struct cl_buf *b, const char *s, size_t max, bool quote)
{
	size_t from = b->len, len, i;
	char *text;

	cl_buf_text(b, s, max);
	len = b->len - from;
	if (!quote || b->oom || (len && !strpbrk(b->s + from, " \"#")))
		return;
	text = strndup(len ? b->s + from : "", len);
	if (!text) {
		b->oom = true;
		return;
	}
	b->len = from;
	cl_buf_puts(b, "\"");
	for (i = 0; i < len; i++) {
		if (text[i] == '"')
			cl_buf_puts(b, "\\");
		cl_buf_add(b, text + i, 1);
	}
	cl_buf_puts(b, "\"");
	free(text);
}

static void add_value(struct cl_buf *b, const struct cl_value *v, bool quote)
{
	switch (v->type) {
	case CL_VAL_U64:
		cl_buf_u64(b, v->u);
		break;
	case CL_VAL_S64:
		cl_buf_s64(b, v->i);
		break;
	case CL_VAL_BOOL:
		cl_buf_puts(b, v->u ? "yes" : "no");
		break;
	case CL_VAL_STR:
		if (v->s)
			add_str(b, v->s, v->max, quote);
		else
			cl_buf_puts(b, "-");
		break;
	case CL_VAL_NS:
		add_ns(b, v->u);
		break;
	case CL_VAL_TIME:
		cl_buf_u64(b, v->u / 1000000000);
		add_micros(b, v->u % 1000000000 / 1000);
		break;
	case CL_VAL_DEV:
		cl_buf_u64(b, cl_dev_major(v->u));
		cl_buf_char(b, ':');
		cl_buf_u64(b, cl_dev_minor(v->u));
		break;
	case CL_VAL_ERROR:
		if (v->i < 0 && strerrorname_np(-v->i))
			cl_buf_printf(b, "-%s", strerrorname_np(-v->i));
		else
			cl_buf_s64(b, v->i);
		break;
	}
}

static void add_cell(struct cl_out *o, struct cl_buf *b, const char *s, size_t len, int width,
		     bool last)
{
	size_t w = cl_text_width(s, len), want = abs(width), pad = w < want ? want - w : 0;

	if (width > 0)
		cl_buf_pad(b, pad);
	cl_buf_add(b, s, len);
	if (width < 0 && !last)
		cl_buf_pad(b, pad);
	if (!last)
		cl_buf_pad(b, 2);
}

static void add_header(struct cl_out *o)
{
	const struct cl_out_column *c;

	if (o->colour)
		cl_buf_puts(&o->line, "\033[1m");
	for (c = o->cols; c->key; c++)
		if (c->width)
			add_cell(o, &o->line, c->title, strlen(c->title), c->width, !c[1].key);
	cl_buf_puts(&o->line, o->colour ? "\033[0m\n" : "\n");
	o->header_due = false;
}

static void text_begin(struct cl_out *o, const char *type)
{
	const struct cl_out_column *c;

	cl_buf_clear(&o->rest);
	if (!o->row) {
		if (o->colour)
			cl_buf_printf(&o->line, "\033[1m%s\033[0m", type);
		else
			cl_buf_puts(&o->line, type);
		return;
	}
	if (!o->cols)
		cl_buf_puts(&o->line, type);
	for (c = o->cols; c && c->key && c - o->cols < CL_OUT_COLUMNS; c++)
		cl_buf_clear(&o->cell[c - o->cols]);
	o->cells_left = c ? c - o->cols : 0;
}

static void text_end(struct cl_out *o)
{
	const struct cl_out_column *c;

	if (o->row) {
		if (o->cols && o->header_due)
			add_header(o);
		for (c = o->cols; c && c->key; c++) {
			struct cl_buf *cell = &o->cell[c - o->cols];
			bool last = !c[1].key && !o->rest.len;

			o->line.oom |= cell->oom;
			if (!c->width)
				continue;
			if (cell->len)
				add_cell(o, &o->line, cell->s, cell->len, c->width, last);
			else
				add_cell(o, &o->line, "-", 1, c->width, last);
		}
		o->line.oom |= o->rest.oom;
		if (o->rest.len)
			/* Cells end with blanks of their own. */
			cl_buf_add(&o->line, o->rest.s + !!o->cols, o->rest.len - !!o->cols);
	}
	cl_buf_char(&o->line, '\n');
}

/* Negative: it has none. Columns are mostly what a row begins with. */
static int find_column(struct cl_out *o, const char *key)
{
	int i;

	for (i = 0; o->cells_left && o->cols[i].key && i < CL_OUT_COLUMNS; i++) {
		if (o->cols[i].key[0] == key[0] && !strcmp(o->cols[i].key, key)) {
			o->cells_left--;
			return i;
		}
	}
	return -1;
}

/*
 * Where the next field goes, its key (or what stands for it) already written. NULL: it
 * is not shown.
 */
static struct cl_buf *start_field(struct cl_out *o, const char *key, bool container)
{
	struct cl_buf *b = o->row ? &o->rest : &o->line;

	if (o->row && o->depth == 0 && !container) {
		int i = find_column(o, key);

		if (i >= 0)
			return o->cols[i].width ? &o->cell[i] : NULL;
	}
	if (!o->row && o->depth == 0) {
		cl_buf_printf(b, "\n  %-*.*s", LABEL_WIDTH, label_len(key), key);
		return b;
	}
	if (!o->row && o->depth == 1 && o->level[1].array && container) {
		while (b->len && b->s[b->len - 1] == ' ')
			b->s[--b->len] = '\0';
		cl_buf_puts(b, "\n    ");	/* an array's objects: one a line */
		return b;
	}
	/* The first member follows its bracket; a block's label has none. */
	if (o->level[o->depth].members || o->depth == 0 || (!o->row && o->depth == 1))
		cl_buf_char(b, ' ');
	if (key) {
		cl_buf_add(b, key, label_len(key));
		cl_buf_char(b, '=');
	}
	return b;
}

/* Brackets are needed where lines do not show the shape. */
static bool bracketed(const struct cl_out *o, unsigned int depth)
{
	if (o->row)
		return true;
	return depth > 1 && !(depth == 2 && o->level[1].array);
}

static void text_open(struct cl_out *o, const char *key, bool array)
{
	struct cl_buf *b = start_field(o, key, true);

	if (bracketed(o, o->depth + 1))
		cl_buf_puts(b, array ? "[" : "{");
}

static void text_close(struct cl_out *o, bool array)
{
	struct cl_buf *b = o->row ? &o->rest : &o->line;

	if (bracketed(o, o->depth + 1))
		cl_buf_puts(b, array ? "]" : "}");
	else if (o->depth == 0 && !o->level[1].members)
		cl_buf_puts(b, " -");
}

static void text_value(struct cl_out *o, const char *key, const struct cl_value *v)
{
	struct cl_buf *b = start_field(o, key, false);
	bool quote = o->depth > 0 || (o->row && b == &o->rest);

	if (!b)
		return;
	if (!o->row && o->depth == 0)
		cl_buf_puts(b, " ");
	add_value(b, v, quote);
}

const struct cl_out_ops cl_out_text_ops = {
	.begin = text_begin,
	.end = text_end,
	.open = text_open,
	.close = text_close,
	.value = text_value,
};
