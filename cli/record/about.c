// SPDX-License-Identifier: GPL-2.0
/* What is said of a recording, as JSON into its file. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "model/event_table.h"
#include "output/buf.h"
#include "output/output.h"
#include "record/about.h"
#include "util.h"

void cl_about_init(struct cl_about *a)
{
	const struct cl_event_info *info;
	time_t now = time(NULL);
	struct tm tm;
	unsigned int kind;

	memset(a, 0, sizeof(*a));
	a->convlist = CONVLIST_VERSION;
	strftime(a->started, sizeof(a->started), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	for (kind = 0; kind < CL_EV_KINDS; kind++) {
		info = cl_event_info(kind);
		a->size_bytes[kind] = info ? info->size_bytes : 0;
	}
}

static void print_ns_or_null(struct cl_out *o, const char *key, uint64_t ns)
{
	if (ns)
		cl_out_ns(o, key, ns);
	else
		cl_out_null(o, key);
}

static void print_filter(const struct cl_config *f, struct cl_out *o)
{
	cl_out_object(o, "filter");
	if (f->dev)
		cl_out_dev(o, "dev", f->dev);
	if (f->ino)
		/* Readers of JSON may stop at 2^63; ext4's numbers do at 2^32. */
		cl_out_u64(o, "ino", f->ino < INT64_MAX ? f->ino : INT64_MAX);
	if (f->tgid)
		cl_out_u64(o, "pid", f->tgid);
	if (f->comm_len)
		cl_out_strn(o, "comm", f->comm, CL_COMM_LEN);
	cl_out_close(o);
}

static void print_command(const struct cl_about *a, struct cl_out *o)
{
	const char *const *word;

	if (!a->command) {
		cl_out_null(o, "command");
		return;
	}
	cl_out_array(o, "command");
	for (word = a->command; *word; word++)
		cl_out_str(o, NULL, *word);
	cl_out_close(o);
}

static void print_hooks(const struct cl_hooks_report *hooks, struct cl_out *o)
{
	unsigned int i, bit;

	cl_out_array(o, "hooks");
	for (i = 0; i < hooks->nr; i++) {
		const struct cl_hook_state *h = &hooks->hook[i];

		cl_out_object(o, NULL);
		cl_out_str(o, "hook", h->name);
		cl_out_str(o, "how", cl_how_name(h->how));
		cl_out_str(o, "target", h->target);
		cl_out_bool(o, "inferred", h->inferred);
		cl_out_str(o, "note", h->note);
		cl_out_array(o, "provides");
		for (bit = 0; bit < CL_NEEDS; bit++)
			if (h->provides & 1U << bit)
				cl_out_str(o, NULL, cl_need_name(1U << bit));
		cl_out_close(o);
		cl_out_close(o);
	}
	cl_out_close(o);
}

static void print_sizes(const struct cl_about *a, struct cl_out *o)
{
	const struct cl_event_info *info;
	unsigned int kind;

	cl_out_object(o, "record_bytes");
	for (kind = 0; kind < CL_EV_KINDS; kind++) {
		info = cl_event_info(kind);
		if (info && a->size_bytes[kind])
			cl_out_u64(o, info->name, a->size_bytes[kind]);
	}
	cl_out_close(o);
}

void cl_about_print(const struct cl_about *a, const char *file, bool whole, struct cl_out *o)
{
	cl_out_block_begin(o, "recording");
	if (file)
		cl_out_str(o, "file", file);
	cl_out_str(o, "convlist", a->convlist);
	cl_out_str(o, "started", a->started);
	cl_out_str(o, "kernel", a->hooks.kernel);
	cl_out_bool(o, "patched", a->hooks.patched);
	print_command(a, o);
	print_filter(&a->filter, o);
	print_ns_or_null(o, "last_ns", a->last_ns);
	cl_out_str(o, "saved_for", a->saved_for);
	cl_out_bool(o, "incomplete", a->incomplete);
	if (whole) {
		cl_out_time(o, "since_ns", a->since_ns);
		cl_out_u64(o, "carried", a->carried);
		cl_out_u64(o, "buffer_bytes", a->ring_bytes);
		print_hooks(&a->hooks, o);
		print_sizes(a, o);
	}
	cl_out_end(o);
}

/* Runs print() into b. */
static int print_into(struct cl_buf *b, void (*print)(const void *what, struct cl_out *o),
		      const void *what)
{
	struct cl_out *o = NULL;
	char *text = NULL;
	size_t len = 0;
	FILE *f;
	int err;

	f = open_memstream(&text, &len);
	if (f)
		o = cl_out_new(f, "json");
	if (o)
		print(what, o);
	err = o ? cl_out_error(o) : -ENOMEM;
	cl_out_free(o);
	if (f)
		fclose(f);
	if (!err)
		cl_buf_add(b, text, len);
	free(text);
	return err ? err : b->oom ? -ENOMEM : 0;
}

static void print_about(const void *about, struct cl_out *o)
{
	cl_about_print(about, NULL, true, o);
}

static void print_end(const void *end, struct cl_out *o)
{
	const struct cl_about_end *e = end;

	cl_out_block_begin(o, "recording_end");
	cl_out_bool(o, "full", e->full);
	cl_out_ns(o, "run_ns", e->run_ns);
	cl_out_u64(o, "records", e->records);
	cl_command_status_print(&e->status, o);
	cl_out_end(o);
}

int cl_about_write(const struct cl_about *a, struct cl_buf *b)
{
	return print_into(b, print_about, a);
}

int cl_about_end_write(const struct cl_about_end *e, struct cl_buf *b)
{
	return print_into(b, print_end, e);
}
