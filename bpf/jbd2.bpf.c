// SPDX-License-Identifier: GPL-2.0
/* Commits of the journal: j_commit_sequence has this tid already when it fires. */
#include "emit.bpf.h"

SEC("tp_btf/jbd2_end_commit")
int BPF_PROG(jbd2_end_commit__tp, struct journal_s *journal, struct transaction_s *transaction)
{
	struct cl_inode_id id = {};
	struct cl_ev_commit *c;

	/* The verifier takes what a module's tracepoint hands over for possibly NULL. */
	if (!journal || !transaction)
		return 0;
	if (cl_stat_by)
		return 0;
	id.dev = BPF_CORE_READ(journal, j_fs_dev, bd_dev);
	if (!cl_filter_dev(&cl_cfg, id.dev))
		return 0;
	c = cl_reserve(CL_EV_COMMIT, sizeof(*c), &id);
	if (!c)
		return 0;
	c->journal_tid = BPF_CORE_READ(transaction, t_tid);
	c->pad = 0;
	cl_submit(c);
	return 0;
}
