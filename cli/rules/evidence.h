/* SPDX-License-Identifier: GPL-2.0 */
/* What a violation rests on: a copy, since the model moves on. */
#ifndef CONVLIST_EVIDENCE_H
#define CONVLIST_EVIDENCE_H

#include "rules/rule.h"

struct cl_evidence {
	const struct cl_rule *rule;
	struct cl_write w;	/* its pointers are not to be followed */
	struct cl_fsync f;
	bool has_write, has_fsync;
	struct cl_fsync_seen other;	/* failed before, ran beside, or came too early */
	uint64_t writes, bytes, closed_ns;	/* of unsynced ones; the last is w */
	struct cl_name name;	/* likewise; its fsync is other */
	bool has_name;
	struct cl_zeroout z;
	bool has_zeroout;	/* and the rule is about it */
	struct cl_conversion again;
	bool has_again;
	struct cl_read read;
	bool has_read;
	uint32_t cache;		/* CL_CACHE_*; UNKNOWN: not what the rule is about */
	uint64_t flush_ns;	/* begin of the device's last flush; 0: none was seen */
	bool flushed;		/* and it was after the data */
	bool unconfirmed;	/* not to be printed yet */
	bool proven;		/* to be printed whatever is lost */
	bool settled;		/* it is certain */
	bool followed;		/* the model still has the write: more may become of it */
	/* What was known of the write at later_until_ns; 0: not that it happened. */
	uint64_t later_converted_ns, later_committed_ns, later_until_ns;
	uint32_t dev, generation;
	uint64_t ino;
	char *path;
	bool no_journal;	/* nothing is ever committed */
};

/* Where the facts can be looked at again; file NULL: nowhere. */
struct cl_kept_in {
	const char *file;
	bool text;		/* no recording */
};

void cl_evidence_take(struct cl_evidence *v, const struct cl_rule *rule,
		      const struct cl_judge *j);
void cl_evidence_drop(struct cl_evidence *v);
void cl_evidence_print(const struct cl_evidence *v, const struct cl_kept_in *in,
		       struct cl_out *o);

/* story.c: the parts of it that are for people. */
void cl_story_promise(const struct cl_evidence *v, struct cl_out *o);
void cl_story_later(const struct cl_evidence *v, struct cl_out *o);
void cl_story_more(const struct cl_evidence *v, const struct cl_kept_in *in, struct cl_out *o);
/* What is known of its write by now_ns. */
void cl_evidence_follow(struct cl_evidence *v, const struct cl_write *w, uint64_t now_ns);
/* There is nothing more to wait for, or it was long enough. */
bool cl_evidence_followed(const struct cl_evidence *v, uint64_t now_ns);

#endif
