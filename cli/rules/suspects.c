// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "rules/suspects.h"

void cl_suspects_fini(struct cl_suspects *s, struct cl_out *out)
{
	size_t i;

	for (i = 0; i < s->nr; i++) {
		if (s->at[i].settled)
			cl_evidence_print(&s->at[i], out);
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

/* Whether there is nothing more to wait for. */
static bool is_told(struct cl_evidence *v, const struct cl_model *m, uint64_t now_ns)
{
	const struct cl_write *w;

	if (!v->followed)
		return true;
	if (!cl_evidence_followed(v, now_ns))
		return false;
	w = cl_model_write(m, v->w.id);
	if (w)
		cl_evidence_follow(v, w, now_ns);
	return true;
}

void cl_suspects_settle(struct cl_suspects *s, const struct cl_model *m, uint64_t now_ns,
			const char *file, bool text, struct cl_out *out)
{
	bool doubted = cl_model_doubts(m);
	size_t i, kept = 0;

	for (i = 0; i < s->nr; i++) {
		struct cl_evidence *v = &s->at[i];

		if (!v->settled && !v->unconfirmed && (!doubted || v->proven)) {
			v->settled = true;
			v->file = file ? strdup(file) : NULL;
			v->text = text;
		}
		if (v->unconfirmed || (v->settled && !is_told(v, m, now_ns))) {
			s->at[kept++] = *v;
			continue;
		}
		if (v->settled)
			cl_evidence_print(v, out);
		cl_evidence_drop(v);
	}
	s->nr = kept;
}
