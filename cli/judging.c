// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>

#include "judging.h"
#include "log.h"
#include "output/output.h"

int cl_judging_begin(struct cl_judging *j, struct cl_source *src, struct cl_out *out,
		     uint64_t max_printed)
{
	j->source = src;
	j->model = cl_model_new();
	j->rules = cl_rules_new(out, src->ops->hooks(src), src->some_tasks, src->one_file,
				max_printed);
	if (j->rules)
		cl_rules_kept_in(j->rules, src->file, src->text);
	if (!j->model || !j->rules || cl_model_add_sink(j->model, cl_rules_sink(j->rules))) {
		cl_err("out of memory");
		cl_judging_end(j);
		return -ENOMEM;
	}
	cl_session_tell(src, j->model);
	return 0;
}

void cl_judging_end(struct cl_judging *j)
{
	/* In this order: the model tells the rules, and they print their evidence. */
	cl_model_free(j->model);
	cl_rules_free(j->rules);
	*j = (struct cl_judging){};
}

static uint64_t now_ns(const struct cl_judging *j)
{
	const struct cl_source_ops *ops = j->source->ops;

	return ops->now_ns ? ops->now_ns() : cl_model_last_ns(j->model);
}

void cl_judging_settle(struct cl_judging *j)
{
	cl_session_tell(j->source, j->model);
	cl_rules_settle(j->rules, j->model, now_ns(j));
}

void cl_judging_tell(struct cl_judging *j)
{
	cl_rules_tell(j->rules, j->model, now_ns(j));
}

void cl_judging_finish(struct cl_judging *j)
{
	cl_model_end(j->model);
	cl_judging_settle(j);
}

int cl_judging_status(const struct cl_judging *j, bool strict)
{
	switch (cl_rules_verdict(j->rules, j->model)) {
	case CL_VERDICT_VIOLATION:
		return CL_EXIT_VIOLATION;
	case CL_VERDICT_INCONCLUSIVE:
		return CL_EXIT_INCONCLUSIVE;
	case CL_VERDICT_WARNING:
		return strict ? CL_EXIT_VIOLATION : CL_EXIT_OK;
	case CL_VERDICT_OK:
		break;
	}
	return CL_EXIT_OK;
}

bool cl_stdout_gone(const struct cl_out *o)
{
	struct pollfd p = { .fd = STDOUT_FILENO };

	return cl_out_error(o) || (poll(&p, 1, 0) == 1 && p.revents & (POLLERR | POLLNVAL));
}
