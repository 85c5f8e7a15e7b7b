// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>

#include "rules/suspects.h"

void cl_suspects_fini(struct cl_suspects *s, struct cl_out *out)
{
	size_t i;

	for (i = 0; i < s->nr; i++) {
		if (s->at[i].settled)
			cl_evidence_print(&s->at[i], &s->kept_in, out);
		cl_evidence_drop(&s->at[i]);
	}
	free(s->at);
	*s = (struct cl_suspects){};
}

struct cl_evidence *cl_suspects_add(struct cl_suspects *s, const struct cl_rule *rule,
				    const struct cl_judge *j)
{
	size_t max = s->max ? 2 * s->max : 16;
	struct cl_evidence *v;

	if (s->nr == s->max) {
		v = realloc(s->at, max * sizeof(*v));
		if (!v)
			return NULL;
		s->at = v;
		s->max = max;
	}
	v = &s->at[s->nr++];
	cl_evidence_take(v, rule, j);
	return v;
}

void cl_suspects_follow(struct cl_evidence *v, const struct cl_model *m, const struct cl_write *w)
{
	v->followed = cl_model_write(m, w->id) == w;	/* else it is a copy */
	cl_evidence_follow(v, w, cl_model_last_ns(m));
}

void cl_suspects_write_end(struct cl_suspects *s, const struct cl_model *m,
			   const struct cl_write *w)
{
	size_t i;

	for (i = 0; i < s->nr; i++) {
		struct cl_evidence *v = &s->at[i];

		if (!v->followed || v->w.id != w->id)
			continue;
		cl_evidence_follow(v, w, cl_model_last_ns(m));
		v->followed = false;
	}
}

void cl_suspects_confirm(struct cl_suspects *s)
{
	size_t i;

	for (i = 0; i < s->nr; i++)
		s->at[i].unconfirmed = false;
}

static void tell(const struct cl_suspects *s, struct cl_evidence *v, const struct cl_model *m,
		 uint64_t now_ns, struct cl_out *out)
{
	const struct cl_write *w = v->followed ? cl_model_write(m, v->w.id) : NULL;

	if (w)
		cl_evidence_follow(v, w, now_ns);
	cl_evidence_print(v, &s->kept_in, out);
}

void cl_suspects_settle(struct cl_suspects *s, const struct cl_model *m, uint64_t now_ns,
			struct cl_out *out)
{
	bool doubted = cl_model_doubts(m);
	size_t i, kept = 0;

	for (i = 0; i < s->nr; i++) {
		struct cl_evidence *v = &s->at[i];

		if (!v->unconfirmed && (!doubted || v->proven))
			v->settled = true;
		if (v->unconfirmed ||
		    (v->settled && v->followed && !cl_evidence_followed(v, now_ns))) {
			s->at[kept++] = *v;
			continue;
		}
		if (v->settled)
			tell(s, v, m, now_ns, out);
		cl_evidence_drop(v);
	}
	s->nr = kept;
}

void cl_suspects_tell(struct cl_suspects *s, const struct cl_model *m, uint64_t now_ns,
		      struct cl_out *out)
{
	size_t i, kept = 0;

	for (i = 0; i < s->nr; i++) {
		struct cl_evidence *v = &s->at[i];

		if (!v->settled) {
			s->at[kept++] = *v;
			continue;
		}
		tell(s, v, m, now_ns, out);
		cl_evidence_drop(v);
	}
	s->nr = kept;
}
