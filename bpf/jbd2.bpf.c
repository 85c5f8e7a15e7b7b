// SPDX-License-Identifier: GPL-2.0
/* Commits of the journal: j_commit_sequence has this tid already when it fires. */
#include "emit.bpf.h"

static __always_inline void committed(__u32 dev, __u32 tid)
{
	struct cl_inode_id id = { .dev = dev };
	struct cl_ev_commit *c;

	if (cl_stat_by || !cl_filter_dev(&cl_cfg, dev))
		return;
	c = cl_reserve(CL_EV_COMMIT, sizeof(*c), &id);
	if (!c)
		return;
	c->journal_tid = tid;
	c->pad = 0;
	cl_submit(c);
}

SEC("tp_btf/jbd2_end_commit")
int BPF_PROG(jbd2_end_commit__tp, struct journal_s *journal, struct transaction_s *transaction)
{
	/* The verifier takes what a module's tracepoint hands over for possibly NULL. */
	if (!journal || !transaction)
		return 0;
	committed(BPF_CORE_READ(journal, j_fs_dev, bd_dev), BPF_CORE_READ(transaction, t_tid));
	return 0;
}

SEC("tp/jbd2/jbd2_end_commit")
int jbd2_end_commit__tp_perf(struct trace_event_raw_jbd2_end_commit *event)
{
	committed(event->dev, event->transaction);
	return 0;
}
