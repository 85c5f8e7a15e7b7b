/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A rule is a promise that must hold between an fsync and a write, or of a write
 * alone. It sees both at the moment when the fsync has returned, or the write
 * when the program can see it complete, and says what it finds; counting, doubt
 * and print are the engine's. Rules of use by programs (severity warning) may also
 * judge a write when its life is over, a file of which nothing more comes, and an
 * fsync by itself. A new rule: one file with a struct cl_rule,
 * one row in rules.def, a golden case, a page in docs/rules.
 */
#ifndef CONVLIST_RULE_H
#define CONVLIST_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/hooks.h"
#include "model/model.h"

struct cl_out;

enum cl_verdict {	/* in rising order: the worst of several counts */
	CL_VERDICT_OK,
	CL_VERDICT_WARNING,
	CL_VERDICT_INCONCLUSIVE,
	CL_VERDICT_VIOLATION,
};

enum cl_finding {
	CL_NO_CLAIM,	/* nothing was promised, or it is another rule's matter */
	CL_HOLDS,
	CL_BROKEN,
	CL_UNSURE,	/* broken as far as can be seen; what is not seen may explain it */
	CL_PROVEN,	/* broken, whatever other facts were lost */
};

enum cl_moment {
	CL_AT_FSYNC,		/* an fsync is over: each write that it may owe something */
	CL_AT_COMPLETION,	/* of a write */
	CL_AT_CONVERSION,	/* of a write, on its own account or on nobody's */
	CL_AT_ZEROOUT,		/* of a write's blocks, after its completion */
	CL_AT_READ,		/* that began after the completion of a write of its blocks */
	CL_AT_END,		/* of a write's life */
	CL_AT_CALL,		/* an fsync is over: by itself */
	CL_AT_FILE_END,		/* nothing more comes of a file that has unsynced writes */
	CL_AT_NAME_END,		/* nor of a name */
	CL_MOMENTS,
};

struct cl_judge {
	enum cl_moment moment;
	const struct cl_inode *inode;	/* NULL at NAME_END */
	const struct cl_name *name;	/* AT_NAME_END */
	const struct cl_fsync *f;	/* AT_FSYNC, AT_CALL */
	const struct cl_write *w;	/* NULL at AT_CALL; the last unsynced at AT_FILE_END */
	enum cl_unsynced_how how;	/* AT_FILE_END */
	/* Some hook of that kind only infers: what is not there may have been. */
	bool completion_inferred, conversion_inferred, fsync_inferred;
	/* The hook itself does; not only the tid of some conversion. */
	bool conversion_hook_inferred;
	/* Fsyncs of some tasks, or files, are filtered out. */
	bool fsyncs_unseen, dirs_unseen;
	/* Nothing that a device is told about its cache goes by unseen. */
	bool flushes_seen;
	const struct cl_conversion *again;	/* CL_AT_CONVERSION: wrong; NULL: its own */
	const struct cl_read *read;	/* CL_AT_READ */
};

struct cl_rule {
	const char *name;	/* what must hold */
	const char *text;	/* the same, as a sentence */
	uint32_t needs;		/* enum cl_need, or'ed */
	enum cl_verdict severity;	/* of a broken one: VIOLATION or WARNING */
	bool at_completion;	/* it is called then, not at the end of fsyncs */
	bool at_zeroout;	/* and when blocks of the write are zeroed after that */
	bool at_conversion;	/* it is called at those that are on a write's account */
	bool at_read;		/* it is called at reads of a write's blocks */
	/* "only with" the option that has its facts watched; NULL: they always are. */
	const char *asked_by;
	bool about_flush;	/* what the device was told is evidence */
	bool at_end;		/* it is called at the end of writes, and of files */
	bool at_call;		/* it is called once for each fsync */
	bool at_name;		/* it is called at the end of names */
	/* What it found, and, of a warning, what the program can do, as sentences. */
	const char *found, *advice;
	/* CL_UNSURE sets *why, a constant. */
	enum cl_finding (*judge)(const struct cl_judge *j, const char **why);
};

#define X(rule) extern const struct cl_rule rule;
#include "rules/rules.def"
#undef X

/*
 * Whether the program certainly saw the write complete before it called fsync,
 * so that fsync owes it durability. *unsure: as far as can be seen, it did.
 */
bool cl_write_promised(const struct cl_judge *j, bool *unsure);

struct cl_rules;

/*
 * Judges by all rules. Violations go to out (NULL: nowhere) as they are settled,
 * max_printed of them at most, and the first few warnings of each rule; all are
 * counted. fsyncs_unseen: a filter holds fsyncs of some tasks back; dirs_unseen: those
 * of directories. out and hooks must outlive it.
 */
struct cl_rules *cl_rules_new(struct cl_out *out, const struct cl_hooks_report *hooks,
			      bool fsyncs_unseen, bool dirs_unseen, uint64_t max_printed);
void cl_rules_free(struct cl_rules *r);
/* Where the facts can be looked at again (NULL: nowhere), a recording, or text. */
void cl_rules_kept_in(struct cl_rules *r, const char *file, bool text);
/* To be added to the model. */
const struct cl_sink *cl_rules_sink(struct cl_rules *r);

/*
 * Makes of what is suspected since the last call violations, or, when facts
 * turn out to be missing, nothing certain. Call it when the source has told
 * all loss up to here (struct cl_source_ops, poll). Violations of a write that goes on
 * are printed when its life is over, or ten seconds later; now_ns: what is now in the
 * stream's time.
 */
void cl_rules_settle(struct cl_rules *r, const struct cl_model *m, uint64_t now_ns);
/* Prints them now. */
void cl_rules_tell(struct cl_rules *r, const struct cl_model *m, uint64_t now_ns);

enum cl_verdict cl_rules_verdict(const struct cl_rules *r, const struct cl_model *m);
uint64_t cl_rules_violations(const struct cl_rules *r);
uint64_t cl_rules_warnings(const struct cl_rules *r);
/* The array "rules" of the summary, into the record that is open. */
void cl_rules_print(const struct cl_rules *r, const struct cl_model *m, struct cl_out *o);

const char *cl_verdict_name(enum cl_verdict v);

/* A row per rule: can these hooks decide it, and if not, what is missing. */
void cl_rules_print_decidable(struct cl_out *o, const struct cl_hooks_report *hooks);

#endif
