/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Evidence that waits to be printed: until it is certain that no fact is missing that
 * would explain it, and until it is known what became of the write. Counting is the
 * engine's.
 */
#ifndef CONVLIST_SUSPECTS_H
#define CONVLIST_SUSPECTS_H

#include "rules/evidence.h"

struct cl_suspects {
	struct cl_evidence *at;
	size_t nr, max;
	struct cl_kept_in kept_in;
};

/* Prints what was settled; the rest is let go. */
void cl_suspects_fini(struct cl_suspects *s, struct cl_out *out);

/* NULL when out of memory. What is returned is valid until the next call. */
struct cl_evidence *cl_suspects_add(struct cl_suspects *s, const struct cl_rule *rule,
				    const struct cl_judge *j);
/* What is said of w is followed, from now on. */
void cl_suspects_follow(struct cl_evidence *v, const struct cl_model *m, const struct cl_write *w);
/* Its life is over. */
void cl_suspects_write_end(struct cl_suspects *s, const struct cl_model *m,
			   const struct cl_write *w);
/* The unconfirmed ones are confirmed. */
void cl_suspects_confirm(struct cl_suspects *s);

/* See cl_rules_settle(), cl_rules_tell(). */
void cl_suspects_settle(struct cl_suspects *s, const struct cl_model *m, uint64_t now_ns,
			struct cl_out *out);
void cl_suspects_tell(struct cl_suspects *s, const struct cl_model *m, uint64_t now_ns,
		      struct cl_out *out);

#endif
