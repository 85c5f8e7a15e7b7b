// SPDX-License-Identifier: GPL-2.0
#include "output/buf.h"
#include "output/output.h"
#include "rules/engine.h"

static const char *const doubt_text[] = {
	"facts were lost",
	"malformed records came in",
	"there was more at once than can be followed",
	"an id stood for two things",
	"the recording is not whole",
};
_Static_assert(ARRAY_SIZE(doubt_text) == CL_DOUBTS, "a doubt without a text");

const char *cl_doubt_reason(unsigned int doubts)
{
	return doubt_text[__builtin_ctz(doubts)];
}

const char *cl_rule_off(const struct cl_rule *rule, const struct cl_hooks_report *hooks)
{
	if (rule->asked_by && cl_hooks_unwatched(hooks, rule->needs & CL_NEEDS_ASKED))
		return rule->asked_by;
	if (rule->at_conversion && !cl_hooks_tell_who_converts(hooks))
		return "the kernel does not tell who converts";
	return NULL;
}

static enum cl_verdict verdict_of(const struct cl_rules *r, size_t i, const struct cl_model *m)
{
	const struct cl_tally *t = &r->tally[i];

	if (t->broken)
		return cl_all_rules[i]->severity;
	if (t->missing || t->unwatched || t->unsure || cl_model_doubts(m))
		return CL_VERDICT_INCONCLUSIVE;
	return CL_VERDICT_OK;
}

enum cl_verdict cl_rules_verdict(const struct cl_rules *r, const struct cl_model *m)
{
	enum cl_verdict worst = CL_VERDICT_OK, v;
	size_t i;

	for (i = 0; i < CL_NR_RULES; i++) {
		/* What older recordings said stays true. */
		if (r->tally[i].unwatched)
			continue;
		v = verdict_of(r, i, m);
		/* What the file system kept is known, however little is of the program. */
		if (cl_rule_warns(i) && v == CL_VERDICT_INCONCLUSIVE)
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

	for (i = 0; i < CL_NR_RULES; i++)
		if (cl_all_rules[i]->severity == severity)
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
	for (i = 0; i < CL_NR_RULES; i++) {
		const struct cl_tally *t = &r->tally[i];

		cl_buf_clear(&reason);
		if (t->off)
			cl_buf_puts(&reason, t->off);
		else if (t->unwatched)
			cl_buf_puts(&reason, "it was not watched when this was recorded");
		else if (t->missing)
			add_needs(&reason, "not seen on this kernel: ", t->missing);
		else if (doubts)
			cl_buf_puts(&reason, cl_doubt_reason(doubts));
		else if (t->unsure)
			cl_buf_puts(&reason, t->why);
		cl_out_object(o, NULL);
		cl_out_str(o, "rule", cl_all_rules[i]->name);
		cl_out_str(o, "verdict", t->off ? "off" : cl_verdict_name(verdict_of(r, i, m)));
		cl_out_u64(o, "violations", cl_rule_warns(i) ? 0 : t->broken);
		cl_out_u64(o, "warnings", cl_rule_warns(i) ? t->broken : 0);
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
	for (i = 0; i < CL_NR_RULES; i++) {
		uint32_t missing = cl_hooks_missing(hooks, cl_all_rules[i]->needs);
		uint32_t inferred = cl_hooks_inferred(hooks, cl_all_rules[i]->needs);

		const char *off = cl_rule_off(cl_all_rules[i], hooks);

		cl_buf_clear(&why);
		if (off)
			cl_buf_puts(&why, off);
		else if (missing)
			add_needs(&why, "not seen on this kernel: ", missing);
		else if (inferred)
			add_needs(&why, "only inferred: ", inferred);
		cl_out_row_begin(o, "rule");
		cl_out_str(o, "rule", cl_all_rules[i]->name);
		cl_out_str(o, "decidable",
			   off ? "off" : missing ? "no" : inferred ? "partly" : "yes");
		cl_out_str(o, "why", why.len ? why.s : NULL);
		cl_out_end(o);
	}
	cl_buf_free(&why);
}
