// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "output/buf.h"
#include "output/output.h"
#include "rules/rule.h"
#include "rules/suspects.h"

static const struct cl_rule *const rules[] = {
#define X(rule) &rule,
#include "rules/rules.def"
#undef X
};

#define NR_RULES ARRAY_SIZE(rules)
#define WARNINGS_PRINTED 3	/* of each rule: what a program does once it does often */

struct tally {
	uint32_t missing;	/* needs that are not met: the rule is not judged */
	bool unwatched;		/* it came after the recording, which says nothing of it */
	const char *off;	/* unwatched, and why; NULL: it is not */
	uint64_t held, broken, unsure;
	uint64_t suspected;	/* broken, not settled yet */
	const char *why;	/* the first reason to be unsure */
	uint64_t room;		/* how many more may be printed, of a rule that warns */
};

struct cl_rules {
	struct cl_sink sink;
	struct cl_out *out;
	const struct cl_hooks_report *hooks;
	bool fsyncs_unseen, dirs_unseen;
	struct tally tally[NR_RULES];
	uint64_t room;			/* how many more violations may be printed */
	struct cl_suspects suspects;	/* those of the suspected that may be printed */
	/*
	 * Hooks go away before the end of the stream, those of fsyncs first: of what
	 * was found at a completion it is certain only with the next fsync that all
	 * facts about it were seen.
	 */
	uint64_t unconfirmed[NR_RULES], nr_unconfirmed;
};

static const char *const doubt_text[] = {
	"facts were lost",
	"malformed records came in",
	"there was more at once than can be followed",
	"an id stood for two things",
	"the recording is not whole",
};
_Static_assert(ARRAY_SIZE(doubt_text) == CL_DOUBTS, "a doubt without a text");

/* Facts that a recording may know nothing of, since it is older than their hooks. */
#define NEEDS_OF_LATER \
	(CL_NEED_ZEROOUT | CL_NEED_DEVICE_FLUSH | CL_NEED_CLOSE | CL_NEED_REWRITE | \
	 CL_NEED_REMOVE | CL_NEED_READ | CL_NEED_NAME)

/* What was seen is true for all that. */
#define MISSING_FACTS (CL_DOUBT_LOST | CL_DOUBT_LIMIT | CL_DOUBT_CUT)

static const char *doubt_reason(unsigned int doubts)
{
	return doubt_text[__builtin_ctz(doubts)];
}

static bool is_warning(size_t i)
{
	return rules[i]->severity == CL_VERDICT_WARNING;
}

/* Out of memory here costs the print of one violation, not its count. */
static void suspect(struct cl_rules *r, const struct cl_model *m, size_t i,
		    const struct cl_judge *j, bool proven)
{
	/* Zeros over a write need no other fact that could still be missing. */
	bool confirmed = rules[i]->at_zeroout ||
			 !(rules[i]->at_completion || rules[i]->at_conversion);
	uint64_t *room = is_warning(i) ? &r->tally[i].room : &r->room;
	struct cl_evidence *s;

	if (proven) {
		r->tally[i].broken++;
	} else if (!confirmed) {
		r->unconfirmed[i]++;
		r->nr_unconfirmed++;
	} else {
		r->tally[i].suspected++;
	}
	if (!r->out || !*room)
		return;
	s = cl_suspects_add(&r->suspects, rules[i], j);
	if (!s)
		return;
	s->unconfirmed = !confirmed && !proven;
	s->proven = proven;
	if (j->w && !is_warning(i))
		cl_suspects_follow(s, m, j->w);
	--*room;
}

static bool is_called(const struct cl_rule *rule, enum cl_moment moment)
{
	switch (moment) {
	case CL_AT_FSYNC:
		return !rule->at_completion && !rule->at_conversion && !rule->at_end &&
		       !rule->at_call && !rule->at_read && !rule->at_name;
	case CL_AT_COMPLETION:
		return rule->at_completion;
	case CL_AT_CONVERSION:
		return rule->at_conversion;
	case CL_AT_ZEROOUT:
		return rule->at_zeroout;
	case CL_AT_READ:
		return rule->at_read;
	case CL_AT_END:
	case CL_AT_FILE_END:
		return rule->at_end;
	case CL_AT_CALL:
		return rule->at_call;
	case CL_AT_NAME_END:
		return rule->at_name;
	}
	return false;
}

static void judge_one(struct cl_rules *r, const struct cl_model *m, const struct cl_judge *j)
{
	unsigned int doubts = cl_model_doubts(m);
	enum cl_finding finding;
	const char *why = NULL;
	size_t i;

	for (i = 0; i < NR_RULES; i++) {
		struct tally *t = &r->tally[i];

		if (t->missing || t->unwatched || !is_called(rules[i], j->moment))
			continue;
		finding = rules[i]->judge(j, &why);
		if ((finding == CL_BROKEN && doubts) ||
		    (finding == CL_PROVEN && doubts & ~MISSING_FACTS)) {
			finding = CL_UNSURE;
			why = doubt_reason(doubts);
		}
		if (finding == CL_HOLDS) {
			t->held++;
		} else if (finding == CL_BROKEN || finding == CL_PROVEN) {
			suspect(r, m, i, j, finding == CL_PROVEN);
		} else if (finding == CL_UNSURE) {
			t->unsure++;
			if (!t->why)
				t->why = why;
		}
	}
}

static struct cl_judge judge_of(const struct cl_rules *r, const struct cl_model *m)
{
	uint32_t inferred = cl_model_inferred(m);

	return (struct cl_judge){
		.completion_inferred = inferred & 1U << CL_EV_COMPLETION ||
				       cl_hooks_inferred(r->hooks, CL_NEED_COMPLETION),
		.conversion_inferred = inferred & 1U << CL_EV_CONVERT ||
				       cl_hooks_inferred(r->hooks, CL_NEED_CONVERT),
		.conversion_hook_inferred = cl_hooks_inferred(r->hooks, CL_NEED_CONVERT),
		.fsync_inferred = inferred & (1U << CL_EV_FSYNC_BEGIN | 1U << CL_EV_FSYNC_END) ||
				  cl_hooks_inferred(r->hooks, CL_NEED_FSYNC),
		.fsyncs_unseen = r->fsyncs_unseen,
		.dirs_unseen = r->dirs_unseen,
		.flushes_seen = !cl_hooks_missing(r->hooks, CL_NEED_DEVICE_FLUSH),
	};
}

static void judge_write(struct cl_rules *r, const struct cl_model *m, const struct cl_write *w,
			enum cl_moment moment)
{
	struct cl_judge j = judge_of(r, m);

	j.moment = moment;
	j.inode = w->inode;
	j.w = w;
	judge_one(r, m, &j);
}

static void write_visible(void *ctx, const struct cl_model *m, const struct cl_write *w)
{
	judge_write(ctx, m, w, CL_AT_COMPLETION);
}

static void write_zeroed(void *ctx, const struct cl_model *m, const struct cl_write *w)
{
	judge_write(ctx, m, w, CL_AT_ZEROOUT);
}

static void write_end(void *ctx, const struct cl_model *m, const struct cl_write *w, bool finished)
{
	struct cl_rules *r = ctx;

	judge_write(r, m, w, CL_AT_END);
	cl_suspects_write_end(&r->suspects, m, w);
}

static void file_unsynced(void *ctx, const struct cl_model *m, const struct cl_inode *inode)
{
	struct cl_rules *r = ctx;
	struct cl_judge j = judge_of(r, m);
	unsigned int how;

	j.moment = CL_AT_FILE_END;
	j.inode = inode;
	for (how = 0; how < CL_UNSYNCED_HOWS; how++) {
		j.how = how;
		j.w = &inode->use->unsynced[how].last;
		if (cl_use_unsynced(inode, how))
			judge_one(r, m, &j);
	}
}

static void name_end(void *ctx, const struct cl_model *m, const struct cl_name *n)
{
	struct cl_rules *r = ctx;
	struct cl_judge j = judge_of(r, m);

	j.moment = CL_AT_NAME_END;
	j.name = n;
	judge_one(r, m, &j);
}

static void write_converted(void *ctx, const struct cl_model *m, const struct cl_write *w,
			    const struct cl_conversion *again)
{
	struct cl_rules *r = ctx;
	struct cl_judge j = judge_of(r, m);

	j.moment = CL_AT_CONVERSION;
	j.inode = w->inode;
	j.w = w;
	j.again = again;
	judge_one(r, m, &j);
}

static void write_read(void *ctx, const struct cl_model *m, const struct cl_write *w,
		       const struct cl_read *read)
{
	struct cl_rules *r = ctx;
	struct cl_judge j = judge_of(r, m);

	j.moment = CL_AT_READ;
	j.inode = w->inode;
	j.w = w;
	j.read = read;
	judge_one(r, m, &j);
}

/* An fsync begins: its hooks are there, and so are, and were, all the others. */
static void confirm(void *ctx, const struct cl_event *e)
{
	struct cl_rules *r = ctx;
	size_t i;

	if (e->kind != CL_EV_FSYNC_BEGIN || !r->nr_unconfirmed)
		return;
	for (i = 0; i < NR_RULES; i++) {
		r->tally[i].suspected += r->unconfirmed[i];
		r->unconfirmed[i] = 0;
	}
	r->nr_unconfirmed = 0;
	cl_suspects_confirm(&r->suspects);
}

static void fsync_end(void *ctx, const struct cl_model *m, const struct cl_fsync *f)
{
	struct cl_rules *r = ctx;
	struct cl_judge j = judge_of(r, m);
	size_t i;

	j.f = f;
	j.inode = f->inode;
	j.moment = CL_AT_CALL;
	judge_one(r, m, &j);
	j.moment = CL_AT_FSYNC;
	for (i = 0; i < f->nr_writes; i++) {
		j.w = f->write[i];
		judge_one(r, m, &j);
	}
	/* Such writes are let go at once, so what is known is known of the device. */
	if (!f->ret && f->journal != CL_JOURNAL_NONE && f->inode->dev->tid_unknown)
		for (i = 0; i < NR_RULES; i++)
			if (rules[i]->needs & CL_NEED_CONVERT_TID && !r->tally[i].why) {
				r->tally[i].unsure++;
				r->tally[i].why = "the transaction of a conversion is not known";
			}
}

/*
 * Why a rule is not judged, though no hook failed: its facts are such that hooks are
 * placed only for who asks, or no hook of this kernel tells them. NULL: it is judged.
 */
static const char *off_reason(const struct cl_rule *rule, const struct cl_hooks_report *hooks)
{
	if (rule->asked_by && cl_hooks_unwatched(hooks, rule->needs & CL_NEEDS_ASKED))
		return rule->asked_by;
	if (rule->at_conversion && !cl_hooks_tell_who_converts(hooks))
		return "the kernel does not tell who converts";
	return NULL;
}

struct cl_rules *cl_rules_new(struct cl_out *out, const struct cl_hooks_report *hooks,
			      bool fsyncs_unseen, bool dirs_unseen, uint64_t max_printed)
{
	struct cl_rules *r = calloc(1, sizeof(*r));
	size_t i;

	if (!r)
		return NULL;
	r->sink.ctx = r;
	r->sink.fsync_end = fsync_end;
	r->sink.write_visible = write_visible;
	r->sink.write_zeroed = write_zeroed;
	r->sink.write_end = write_end;
	r->sink.file_unsynced = file_unsynced;
	r->sink.name_end = name_end;
	r->sink.write_converted = write_converted;
	r->sink.write_read = write_read;
	r->sink.event = confirm;
	r->out = out;
	r->hooks = hooks;
	r->fsyncs_unseen = fsyncs_unseen;
	r->dirs_unseen = fsyncs_unseen || dirs_unseen;
	r->room = max_printed;
	for (i = 0; i < NR_RULES; i++) {
		__u32 unknown = cl_hooks_unwatched(hooks, rules[i]->needs & NEEDS_OF_LATER);

		r->tally[i].missing = cl_hooks_missing(hooks, rules[i]->needs) & ~unknown;
		r->tally[i].off = off_reason(rules[i], hooks);
		r->tally[i].unwatched = r->tally[i].off || (unknown && !r->tally[i].missing);
		r->tally[i].room = max_printed < WARNINGS_PRINTED ? max_printed : WARNINGS_PRINTED;
	}
	return r;
}

void cl_rules_free(struct cl_rules *r)
{
	if (!r)
		return;
	cl_suspects_fini(&r->suspects, r->out);
	free(r);
}

const struct cl_sink *cl_rules_sink(struct cl_rules *r)
{
	return &r->sink;
}

void cl_rules_settle(struct cl_rules *r, const struct cl_model *m, uint64_t now_ns,
		     const char *file, bool text)
{
	unsigned int doubts = cl_model_doubts(m);
	size_t i;

	for (i = 0; i < NR_RULES; i++) {
		struct tally *t = &r->tally[i];

		if (!t->suspected)
			continue;
		if (doubts) {
			t->unsure += t->suspected;
			t->why = t->why ? t->why : doubt_reason(doubts);
		} else {
			t->broken += t->suspected;
		}
		t->suspected = 0;
	}
	cl_suspects_settle(&r->suspects, m, now_ns, file, text, r->out);
}

static enum cl_verdict verdict_of(const struct cl_rules *r, size_t i, const struct cl_model *m)
{
	const struct tally *t = &r->tally[i];

	if (t->broken)
		return rules[i]->severity;
	if (t->missing || t->unwatched || t->unsure || cl_model_doubts(m))
		return CL_VERDICT_INCONCLUSIVE;
	return CL_VERDICT_OK;
}

enum cl_verdict cl_rules_verdict(const struct cl_rules *r, const struct cl_model *m)
{
	enum cl_verdict worst = CL_VERDICT_OK, v;
	size_t i;

	for (i = 0; i < NR_RULES; i++) {
		/* What older recordings said stays true. */
		if (r->tally[i].unwatched)
			continue;
		v = verdict_of(r, i, m);
		/* What the file system kept is known, however little is of the program. */
		if (is_warning(i) && v == CL_VERDICT_INCONCLUSIVE)
			continue;
		if (v > worst)
			worst = v;
	}
	return worst;
}

static uint64_t broken_of(const struct cl_rules *r, enum cl_verdict severity)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < NR_RULES; i++)
		if (rules[i]->severity == severity)
			sum += r->tally[i].broken;
	return sum;
}

uint64_t cl_rules_violations(const struct cl_rules *r)
{
	return broken_of(r, CL_VERDICT_VIOLATION);
}

uint64_t cl_rules_warnings(const struct cl_rules *r)
{
	return broken_of(r, CL_VERDICT_WARNING);
}

static void add_needs(struct cl_buf *b, const char *text, uint32_t needs)
{
	unsigned int i;

	for (i = 0; i < CL_NEEDS; i++) {
		if (!(needs & 1U << i))
			continue;
		cl_buf_printf(b, "%s%s", text, cl_need_name(1U << i));
		text = ", ";
	}
}

void cl_rules_print(const struct cl_rules *r, const struct cl_model *m, struct cl_out *o)
{
	unsigned int doubts = cl_model_doubts(m);
	struct cl_buf reason = {};
	size_t i;

	cl_out_array(o, "rules");
	for (i = 0; i < NR_RULES; i++) {
		const struct tally *t = &r->tally[i];

		cl_buf_clear(&reason);
		if (t->off)
			cl_buf_puts(&reason, t->off);
		else if (t->unwatched)
			cl_buf_puts(&reason, "it was not watched when this was recorded");
		else if (t->missing)
			add_needs(&reason, "not seen on this kernel: ", t->missing);
		else if (doubts)
			cl_buf_puts(&reason, doubt_reason(doubts));
		else if (t->unsure)
			cl_buf_puts(&reason, t->why);
		cl_out_object(o, NULL);
		cl_out_str(o, "rule", rules[i]->name);
		cl_out_str(o, "verdict", t->off ? "off" : cl_verdict_name(verdict_of(r, i, m)));
		cl_out_u64(o, "violations", is_warning(i) ? 0 : t->broken);
		cl_out_u64(o, "warnings", is_warning(i) ? t->broken : 0);
		cl_out_u64(o, "held", t->held);
		cl_out_u64(o, "unsure", t->unsure);
		cl_out_str(o, "reason", reason.len ? reason.s : NULL);
		cl_out_close(o);
	}
	cl_out_close(o);
	cl_buf_free(&reason);
}

const char *cl_verdict_name(enum cl_verdict v)
{
	static const char *const names[] = { "ok", "warning", "inconclusive", "violation" };

	return names[v];
}

void cl_rules_print_decidable(struct cl_out *o, const struct cl_hooks_report *hooks)
{
	static const struct cl_out_column cols[] = {
		{ "rule", "RULE", -32 }, { "decidable", "DECIDABLE", -9 }, { "why", "WHY", -1 }, {}
	};
	struct cl_buf why = {};
	size_t i;

	cl_out_columns(o, cols);
	for (i = 0; i < NR_RULES; i++) {
		uint32_t missing = cl_hooks_missing(hooks, rules[i]->needs);
		uint32_t inferred = cl_hooks_inferred(hooks, rules[i]->needs);

		const char *off = off_reason(rules[i], hooks);

		cl_buf_clear(&why);
		if (off)
			cl_buf_puts(&why, off);
		else if (missing)
			add_needs(&why, "not seen on this kernel: ", missing);
		else if (inferred)
			add_needs(&why, "only inferred: ", inferred);
		cl_out_row_begin(o, "rule");
		cl_out_str(o, "rule", rules[i]->name);
		cl_out_str(o, "decidable",
			   off ? "off" : missing ? "no" : inferred ? "partly" : "yes");
		cl_out_str(o, "why", why.len ? why.s : NULL);
		cl_out_end(o);
	}
	cl_buf_free(&why);
}
