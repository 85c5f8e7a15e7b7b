// SPDX-License-Identifier: GPL-2.0
/*
 * What evidence says to a person: what was promised, to whom and when; what became of
 * the write after that; and the command that shows more of it.
 */
#include <inttypes.h>
#include <string.h>

#include "output/buf.h"
#include "output/output.h"
#include "rules/evidence.h"

/* Journals commit every five seconds, if nobody asks. */
#define FOLLOWED_NS 10000000000ULL

/* When something was promised of the write; 0: nothing that time could mend. */
static uint64_t promised_ns(const struct cl_evidence *v)
{
	if (!v->has_write || v->w.convert_error || v->has_zeroout || v->has_again)
		return 0;
	return v->has_fsync ? v->f.end_ns : v->w.visible_ns;
}

void cl_evidence_follow(struct cl_evidence *v, const struct cl_write *w, uint64_t now_ns)
{
	v->later_converted_ns = w->nr_gaps || w->convert_error ? 0 : w->converted_ns;
	v->later_committed_ns = w->committed_ns;
	v->later_until_ns = now_ns;
}

bool cl_evidence_followed(const struct cl_evidence *v, uint64_t now_ns)
{
	return !promised_ns(v) || now_ns >= promised_ns(v) + FOLLOWED_NS;
}

static void add_who(struct cl_buf *b, const char *comm, uint32_t tgid)
{
	cl_buf_add(b, comm, strnlen(comm, CL_COMM_LEN));
	cl_buf_printf(b, " (pid %" PRIu32 ")", tgid);
}

static void add_when(struct cl_buf *b, uint64_t ns)
{
	cl_buf_printf(b, " at %" PRIu64 ".%06" PRIu64, ns / 1000000000, ns % 1000000000 / 1000);
}

void cl_story_promise(const struct cl_evidence *v, struct cl_out *o)
{
	struct cl_buf b = {};

	if (v->has_fsync) {
		cl_buf_printf(&b, "%s returned %s to ", v->f.datasync ? "fdatasync" : "fsync",
			      v->f.ret ? "an error" : "0");
		add_who(&b, v->f.comm, v->f.tgid);
		add_when(&b, v->f.end_ns);
	} else if (v->has_write && v->w.visible_ns) {
		cl_buf_printf(&b, "%s of ", v->w.dsync ? "a synchronous write" : "a write");
		add_who(&b, v->w.comm, v->w.tgid);
		cl_buf_puts(&b, " was complete");
		add_when(&b, v->w.visible_ns);
	}
	cl_out_str(o, "promised", b.oom ? NULL : b.s);
	cl_buf_free(&b);
}

/* Only what had not happened by then. */
void cl_story_later(const struct cl_evidence *v, struct cl_out *o)
{
	uint64_t from_ns = promised_ns(v);
	const struct cl_write *w = &v->w;
	bool converted = w->converted_ns && !w->nr_gaps && !w->convert_error;
	bool committed = w->committed_ns || v->no_journal;

	if (!from_ns || (converted && committed))
		return;
	cl_out_object(o, "later");
	if (!converted)
		cl_out_span(o, "converted_after_ns", from_ns, v->later_converted_ns);
	if (!committed)
		cl_out_span(o, "committed_after_ns", from_ns, v->later_committed_ns);
	cl_out_span(o, "watched_ns", from_ns, v->later_until_ns);
	cl_out_close(o);
}

/* As a shell takes it for one word. */
static void add_word(struct cl_buf *b, const char *s)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_./+:@%,-";

	if (*s && !s[strspn(s, plain)]) {
		cl_buf_puts(b, s);
		return;
	}
	cl_buf_puts(b, "'");
	for (; *s; s++) {
		if (*s == '\'')
			cl_buf_puts(b, "'\\'");
		cl_buf_add(b, s, 1);
	}
	cl_buf_puts(b, "'");
}

void cl_story_more(const struct cl_evidence *v, const struct cl_kept_in *in, struct cl_out *o)
{
	struct cl_buf b = {};

	if (!in->file)
		cl_buf_puts(&b, "once recorded (convlist record -o run.rec): ");
	cl_buf_puts(&b, "convlist trace ");
	cl_buf_printf(&b, "-d %u:%u -i %" PRIu64 " ", cl_dev_major(v->dev), cl_dev_minor(v->dev),
		      v->ino);
	if (in->text)
		cl_buf_puts(&b, "--events ");
	add_word(&b, in->file ?: "run.rec");
	cl_out_str(o, "more", b.oom ? NULL : b.s);
	cl_buf_free(&b);
}
