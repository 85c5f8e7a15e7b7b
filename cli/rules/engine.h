/* SPDX-License-Identifier: GPL-2.0 */
/* What the judging (engine.c) and its results (verdict.c) share. */
#ifndef CL_RULES_ENGINE_H
#define CL_RULES_ENGINE_H

#include "rules/rule.h"
#include "rules/suspects.h"

enum {
#define X(rule) CL_INDEX_ ## rule,
#include "rules/rules.def"
#undef X
	CL_NR_RULES
};

extern const struct cl_rule *const cl_all_rules[CL_NR_RULES];

struct cl_tally {
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
	struct cl_judge judge;		/* what is the same at each moment */
	/* The rules that are judged at a moment. */
	struct {
		unsigned char rule[CL_NR_RULES];
		unsigned int nr;
	} called[CL_MOMENTS];
	struct cl_tally tally[CL_NR_RULES];
	uint64_t room;			/* how many more violations may be printed */
	struct cl_suspects suspects;	/* those of the suspected that may be printed */
	/*
	 * Hooks go away before the end of the stream, those of fsyncs first: of what
	 * was found at a completion it is certain only with the next fsync that all
	 * facts about it were seen.
	 */
	uint64_t unconfirmed[CL_NR_RULES], nr_unconfirmed;
};

static inline bool cl_rule_warns(size_t i)
{
	return cl_all_rules[i]->severity == CL_VERDICT_WARNING;
}

const char *cl_doubt_reason(unsigned int doubts);

/*
 * Why a rule is not judged, though no hook failed: its facts are such that hooks are
 * placed only for who asks, or no hook of this kernel tells them. NULL: it is judged.
 */
const char *cl_rule_off(const struct cl_rule *rule, const struct cl_hooks_report *hooks);

#endif
