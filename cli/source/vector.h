/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Facts as text, one a line, in the words that trace prints:
 *
 *	# a comment
 *	write ts=100 dev=8:1 ino=12 write_id=1 offset=0 size=4096 tgid=1 comm=fio
 *	completion ts=120 dev=8:1 ino=12 write_id=1 result=4096 via=libaio
 *
 * Units may be left out (ts for ts_ns), and so may fields that are 0. A value
 * with blanks stands in double quotes; backslash escapes are \\, \" and \xHH.
 * Two more lines are understood:
 *
 *	hooks missing=completion inferred=conversion unwatched=read	(names of enum cl_need)
 *	raw 00ff12...					a record's bytes, for what no hook makes
 */
#ifndef CONVLIST_VECTOR_H
#define CONVLIST_VECTOR_H

#include "kernel/hooks.h"
#include "model/event_table.h"

enum cl_vector_line {
	CL_VECTOR_BLANK,
	CL_VECTOR_RECORD,
	CL_VECTOR_HOOKS,
};

struct cl_vector_parsed {
	union cl_any_event event;
	size_t len;		/* of the record */
	__u32 missing, inferred, unwatched;	/* enum cl_need, from a hooks line */
	char error[160];	/* what is wrong with the line */
};

/*
 * Parses one line, which it may change. enum cl_vector_line, or -EINVAL with
 * p->error set. Keeps nothing and reads nothing else: fit for a fuzzer.
 */
int cl_vector_parse(char *line, struct cl_vector_parsed *p);

#endif
