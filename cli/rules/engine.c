// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "rules/engine.h"

#define WARNINGS_PRINTED 3	/* of each rule: what a program does once it does often */

const struct cl_rule *const cl_all_rules[] = {
#define X(rule) &rule,
#include "rules/rules.def"
#undef X
};

/* Facts that a recording may know nothing of, since it is older than their hooks. */
#define NEEDS_OF_LATER \
	(CL_NEED_ZEROOUT | CL_NEED_DEVICE_FLUSH | CL_NEED_CLOSE | CL_NEED_REWRITE | \
	 CL_NEED_REMOVE | CL_NEED_READ | CL_NEED_NAME)

/* What was seen is true for all that. */
#define MISSING_FACTS (CL_DOUBT_LOST | CL_DOUBT_LIMIT | CL_DOUBT_CUT)

/* Out of memory here costs the print of one violation, not its count. */
static void suspect(struct cl_rules *r, const struct cl_model *m, size_t i,
		    const struct cl_judge *j, bool proven)
{
	/* Zeros over a write need no other fact that could still be missing. */
	bool confirmed = cl_all_rules[i]->at_zeroout ||
			 !(cl_all_rules[i]->at_completion || cl_all_rules[i]->at_conversion);
	uint64_t *room = cl_rule_warns(i) ? &r->tally[i].room : &r->room;
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
	s = cl_suspects_add(&r->suspects, cl_all_rules[i], j);
	if (!s)
		return;
	s->unconfirmed = !confirmed && !proven;
	s->proven = proven;
	if (j->w && !cl_rule_warns(i))
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
	case CL_MOMENTS:
		break;
	}
	return false;
}

static void judge_one(struct cl_rules *r, const struct cl_model *m, const struct cl_judge *j)
{
	unsigned int doubts = cl_model_doubts(m);
	enum cl_finding finding;
	const char *why = NULL;
	unsigned int n;

	for (n = 0; n < r->called[j->moment].nr; n++) {
		size_t i = r->called[j->moment].rule[n];
		struct cl_tally *t = &r->tally[i];

		finding = cl_all_rules[i]->judge(j, &why);
		if ((finding == CL_BROKEN && doubts) ||
		    (finding == CL_PROVEN && doubts & ~MISSING_FACTS)) {
			finding = CL_UNSURE;
			why = cl_doubt_reason(doubts);
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
	struct cl_judge j = r->judge;

	if (inferred) {
		j.completion_inferred |= !!(inferred & 1U << CL_EV_COMPLETION);
		j.conversion_inferred |= !!(inferred & 1U << CL_EV_CONVERT);
		j.fsync_inferred |=
			!!(inferred & (1U << CL_EV_FSYNC_BEGIN | 1U << CL_EV_FSYNC_END));
	}
	return j;
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

	if (!w->buffered)
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
	for (i = 0; i < CL_NR_RULES; i++) {
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
		for (i = 0; i < CL_NR_RULES; i++)
			if (cl_all_rules[i]->needs & CL_NEED_CONVERT_TID && !r->tally[i].why) {
				r->tally[i].unsure++;
				r->tally[i].why = "the transaction of a conversion is not known";
			}
}

static void call_rule(struct cl_rules *r, size_t i)
{
	enum cl_moment moment;

	for (moment = 0; moment < CL_MOMENTS; moment++)
		if (is_called(cl_all_rules[i], moment))
			r->called[moment].rule[r->called[moment].nr++] = i;
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
	r->judge = (struct cl_judge){
		.completion_inferred = cl_hooks_inferred(hooks, CL_NEED_COMPLETION),
		.conversion_inferred = cl_hooks_inferred(hooks, CL_NEED_CONVERT),
		.conversion_hook_inferred = cl_hooks_inferred(hooks, CL_NEED_CONVERT),
		.fsync_inferred = cl_hooks_inferred(hooks, CL_NEED_FSYNC),
		.fsyncs_unseen = fsyncs_unseen,
		.dirs_unseen = fsyncs_unseen || dirs_unseen,
		.flushes_seen = !cl_hooks_missing(hooks, CL_NEED_DEVICE_FLUSH),
	};
	r->room = max_printed;
	for (i = 0; i < CL_NR_RULES; i++) {
		__u32 unknown = cl_hooks_unwatched(hooks, cl_all_rules[i]->needs & NEEDS_OF_LATER);

		r->tally[i].missing = cl_hooks_missing(hooks, cl_all_rules[i]->needs) & ~unknown;
		r->tally[i].off = cl_rule_off(cl_all_rules[i], hooks);
		r->tally[i].unwatched = r->tally[i].off || (unknown && !r->tally[i].missing);
		r->tally[i].room = max_printed < WARNINGS_PRINTED ? max_printed : WARNINGS_PRINTED;
		if (!r->tally[i].missing && !r->tally[i].unwatched)
			call_rule(r, i);
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

void cl_rules_kept_in(struct cl_rules *r, const char *file, bool text)
{
	r->suspects.kept_in = (struct cl_kept_in){ file, text };
}

const struct cl_sink *cl_rules_sink(struct cl_rules *r)
{
	return &r->sink;
}

void cl_rules_settle(struct cl_rules *r, const struct cl_model *m, uint64_t now_ns)
{
	unsigned int doubts = cl_model_doubts(m);
	size_t i;

	for (i = 0; i < CL_NR_RULES; i++) {
		struct cl_tally *t = &r->tally[i];

		if (!t->suspected)
			continue;
		if (doubts) {
			t->unsure += t->suspected;
			t->why = t->why ? t->why : cl_doubt_reason(doubts);
		} else {
			t->broken += t->suspected;
		}
		t->suspected = 0;
	}
	cl_suspects_settle(&r->suspects, m, now_ns, r->out);
}

void cl_rules_tell(struct cl_rules *r, const struct cl_model *m, uint64_t now_ns)
{
	cl_suspects_tell(&r->suspects, m, now_ns, r->out);
}
