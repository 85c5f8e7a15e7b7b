// SPDX-License-Identifier: GPL-2.0
/* What is watched, and the ways to do so. Found at run time; no version is asked for. */
#include "candidates.h"

#include <stdio.h>
#include <string.h>

#include "features.h"
#include "util.h"

#define VIA(class, on, ...) \
	{ .how = CL_HOW_##class, .target = on, .programs = { __VA_ARGS__ } }
#define FUNCTION_PAIR(fn) fn "__fentry", fn "__fexit"
#define KPROBE_PAIR(fn) fn "__kprobe", fn "__kretprobe"

/* Buffered writeback converts with the same function: its caller tells it apart. */
#define CONVERT "ext4_convert_unwritten_extents"
#define BUFFERED "ext4_convert_unwritten_io_end_vec"
#define ATOMIC CONVERT "_atomic"
/* Whoever is the last to do so leaves buffered writeback's conversion to a work, or does it. */
#define PUT "ext4_put_io_end"
#define PUT_DEFER PUT "_defer"
/* What an fsync spends its time in. Without fast commits the second one waits. */
#define DATA_WAIT "file_write_and_wait_range"
#define FAST_COMMIT "ext4_fc_commit"
#define FULL_COMMIT "jbd2_complete_transaction"
#define DEVICE_FLUSH "blkdev_issue_flush"
#define CONVERT_TP "ext4_aio_dio_convert_end"
#define LISTED_TP "ext4_aio_dio_listed"
#define LANDED "iomap_dio_bio_end_io"
#define LANDED_AT_ONCE "iomap_dio_simple_end_io"
#define READ "ext4_file_read_iter"
#define SPLICE "ext4_file_splice_read"
#define FAULT "ext4_filemap_fault"
#define FIND "ext4_iomap_begin"
#define FIND_PAIR FIND "__kprobe_read", FIND "__kretprobe_read"
#define FILL "ext4_readahead"
#define FILL_ONE "ext4_read_folio"
#define MAP "ext4_map_blocks"
#define CONVERT_TID_TP "ext4_ext_handle_unwritten_extents"

static const struct cl_hook hooks[] = {
	{ "write, data done", CL_HOOK_OF_EXT4, CL_NEED_WRITE | CL_NEED_PATH, {
		VIA(FENTRY, "ext4_end_io_dio", "ext4_end_io_dio__fentry"),
		VIA(FENTRY, "ext4_dio_write_end_io", "ext4_dio_write_end_io__fentry"),
		VIA(KPROBE, "ext4_end_io_dio", "ext4_end_io_dio__kprobe"),
		VIA(KPROBE, "ext4_dio_write_end_io", "ext4_dio_write_end_io__kprobe"),
	} },
	{ "write, submitter", CL_HOOK_OF_EXT4, CL_NEED_SUBMITTER, {
		VIA(FENTRY, "ext4_iomap_begin", "ext4_iomap_begin__fexit"),
		VIA(KPROBE, "ext4_iomap_begin", KPROBE_PAIR("ext4_iomap_begin")),
	} },
	{ "write, on the device", CL_HOOK_OF_EXT4, CL_NEED_LANDED, {
		VIA(FENTRY, LANDED, LANDED "__fentry", LANDED_AT_ONCE "__fentry"),
		VIA(FENTRY, LANDED, LANDED "__fentry"),
		VIA(KPROBE, LANDED, LANDED "__kprobe", LANDED_AT_ONCE "__kprobe"),
		VIA(KPROBE, LANDED, LANDED "__kprobe"),
	} },
	{ "write, listed", CL_HOOK_OF_SERIES, CL_NEED_LISTED, {
		VIA(TRACEPOINT, LISTED_TP, LISTED_TP "__tp"),
	} },
	{ "completion, libaio", CL_HOOK_OF_AIO, CL_NEED_COMPLETION, {
		{ .how = CL_HOW_FENTRY, .target = "aio_complete_rw", .only_with = LISTED_TP,
		  .programs = { FUNCTION_PAIR("aio_complete_rw"),
				"aio_complete_rw__fentry_twin", "aio_complete_rw__fexit_twin" } },
		VIA(FENTRY, "aio_complete_rw", FUNCTION_PAIR("aio_complete_rw")),
		VIA(KPROBE, "aio_complete_rw", KPROBE_PAIR("aio_complete_rw")),
	} },
	{ "completion, io_uring", CL_HOOK_OF_IO_URING, CL_NEED_COMPLETION, {
		/* Before 502c87d65564 (5.18) it did not tell the request. */
		{ .how = CL_HOW_TRACEPOINT, .target = "io_uring_complete", .args = 3, .pointer = 1,
		  .programs = { "io_uring_complete__tp_cqe" } },
		{ .how = CL_HOW_TRACEPOINT, .target = "io_uring_complete", .pointer = 1,
		  .programs = { "io_uring_complete__tp" } },
		{ .how = CL_HOW_TRACEPOINT, .target = "io_uring_complete", .pointer = 1,
		  .programs = { "io_uring_complete__tp_perf" }, .perf = true },
	} },
	{ "completion, synchronous", CL_HOOK_OF_EXT4, CL_NEED_COMPLETION | CL_NEED_REWRITE, {
		VIA(FENTRY, "ext4_file_write_iter", "ext4_file_write_iter__fexit"),
		VIA(KPROBE, "ext4_file_write_iter", KPROBE_PAIR("ext4_file_write_iter")),
	} },
	{ "conversion", CL_HOOK_OF_EXT4, CL_NEED_CONVERT, {
		VIA(TRACEPOINT, CONVERT_TP, "ext4_aio_dio_convert_begin__tp", CONVERT_TP "__tp"),
		/* The series converts most extents in their leaf, not by that function. */
		{ .how = CL_HOW_FENTRY, .target = CONVERT, .unless = CONVERT_TP,
		  .programs = { FUNCTION_PAIR(CONVERT), FUNCTION_PAIR(BUFFERED) } },
		{ .how = CL_HOW_KPROBE, .target = CONVERT, .unless = CONVERT_TP,
		  .programs = { KPROBE_PAIR(CONVERT), KPROBE_PAIR(BUFFERED) } },
	} },
	{ "conversion, atomic write", CL_HOOK_OF_ATOMIC_WRITES, CL_NEED_CONVERT, {
		VIA(FENTRY, ATOMIC, FUNCTION_PAIR(ATOMIC)),
		VIA(KPROBE, ATOMIC, KPROBE_PAIR(ATOMIC)),
	} },
	{ "conversion, transaction", CL_HOOK_OF_EXT4, CL_NEED_CONVERT_TID, {
		{ .how = CL_HOW_TRACEPOINT, .target = CONVERT_TID_TP, .only_with = CONVERT_TP,
		  .programs = { CONVERT_TID_TP "__tp" } },
		{ .how = CL_HOW_TRACEPOINT, .target = CONVERT_TP, .only_with = CONVERT_TP },
		{ .how = CL_HOW_TRACEPOINT, .target = CONVERT_TID_TP, .only_with = CONVERT,
		  .programs = { CONVERT_TID_TP "__tp" } },
		{ .how = CL_HOW_TRACEPOINT, .target = CONVERT_TID_TP, .only_with = CONVERT,
		  .programs = { CONVERT_TID_TP "__tp_perf" }, .perf = true },
		{ .how = CL_HOW_FENTRY, .target = CONVERT, .only_with = CONVERT, .inferred = true,
		  .note = "from i_datasync_tid, which may be of a later transaction" },
	} },
	{ "writeback", CL_HOOK_OF_EXT4, CL_NEED_WRITEBACK, {
		VIA(FENTRY, BUFFERED, PUT "__fentry", PUT_DEFER "__fentry",
		    BUFFERED "__fentry_writeback", BUFFERED "__fexit_writeback"),
		VIA(KPROBE, BUFFERED, PUT "__kprobe", PUT_DEFER "__kprobe",
		    BUFFERED "__kprobe_writeback", BUFFERED "__kretprobe_writeback"),
	} },
	{ "zeroout", CL_HOOK_OF_EXT4, CL_NEED_ZEROOUT, {
		VIA(FENTRY, "ext4_issue_zeroout", FUNCTION_PAIR("ext4_issue_zeroout")),
		VIA(KPROBE, "ext4_issue_zeroout", KPROBE_PAIR("ext4_issue_zeroout")),
	} },
	{ "blocks removed", CL_HOOK_OF_SERIES, CL_NEED_REMOVE, {
		VIA(TRACEPOINT, "ext4_ext_remove_space", "ext4_ext_remove_space__tp"),
	} },
	{ "read", CL_HOOK_OF_EXT4, CL_NEED_READ, {
		VIA(FENTRY, READ, FUNCTION_PAIR(READ), FUNCTION_PAIR(SPLICE), FIND "__fexit_read"),
		VIA(KPROBE, READ, KPROBE_PAIR(READ), KPROBE_PAIR(SPLICE), FIND_PAIR),
		/* Before 6.5 splice reads as others do. */
		VIA(FENTRY, READ, FUNCTION_PAIR(READ), FIND "__fexit_read"),
		VIA(KPROBE, READ, KPROBE_PAIR(READ), FIND_PAIR),
	} },
	{ "read, mapping", CL_HOOK_OF_SERIES, CL_NEED_READ, {
		VIA(FENTRY, FAULT, FUNCTION_PAIR(FAULT)),
		VIA(KPROBE, FAULT, KPROBE_PAIR(FAULT)),
	} },
	{ "read, page cache", CL_HOOK_OF_EXT4, CL_NEED_READ, {
		VIA(FENTRY, FILL, FUNCTION_PAIR(FILL), FUNCTION_PAIR(FILL_ONE), MAP "__fexit"),
		VIA(KPROBE, FILL, KPROBE_PAIR(FILL), KPROBE_PAIR(FILL_ONE), KPROBE_PAIR(MAP)),
		/* Before 5.19 a folio alone was a page. */
		VIA(FENTRY, FILL, FUNCTION_PAIR(FILL), MAP "__fexit"),
		VIA(KPROBE, FILL, KPROBE_PAIR(FILL), KPROBE_PAIR(MAP)),
	} },
	{ "fsync", CL_HOOK_OF_EXT4, CL_NEED_FSYNC | CL_NEED_COMMITTED_TID | CL_NEED_PATH, {
		VIA(FENTRY, "ext4_sync_file", FUNCTION_PAIR("ext4_sync_file")),
		VIA(KPROBE, "ext4_sync_file", KPROBE_PAIR("ext4_sync_file")),
	} },
	{ "sync", CL_HOOK_OF_EXT4, CL_NEED_CLOSE, {
		VIA(FENTRY, "ext4_sync_fs", "ext4_sync_fs__fentry"),
		VIA(KPROBE, "ext4_sync_fs", "ext4_sync_fs__kprobe"),
	} },
	{ "delete", CL_HOOK_OF_EXT4, CL_NEED_CLOSE, {
		VIA(FENTRY, "ext4_evict_inode", "ext4_evict_inode__fentry"),
		VIA(KPROBE, "ext4_evict_inode", "ext4_evict_inode__kprobe"),
	} },
	{ "close", CL_HOOK_OF_EXT4, CL_NEED_CLOSE, {
		VIA(FENTRY, "ext4_release_file", "ext4_release_file__fentry"),
		VIA(KPROBE, "ext4_release_file", "ext4_release_file__kprobe"),
	} },
	{ "name", CL_HOOK_OF_EXT4, CL_NEED_NAME, {
		/* Before 5.12 their first argument was not there. */
		{ .how = CL_HOW_FENTRY, .target = "ext4_rename2", .args = 6,
		  .programs = { "ext4_create__fexit", "ext4_link__fexit", "ext4_rename2__fexit",
				"ext4_unlink__fentry" } },
		{ .how = CL_HOW_KPROBE, .target = "ext4_rename2", .args = 6,
		  .programs = { KPROBE_PAIR("ext4_create"), KPROBE_PAIR("ext4_link"),
				KPROBE_PAIR("ext4_rename2"), "ext4_unlink__kprobe" } },
	} },
	{ "commit", CL_HOOK_OF_EXT4, CL_NEED_COMMIT, {
		VIA(TRACEPOINT, "jbd2_end_commit", "jbd2_end_commit__tp"),
		{ .how = CL_HOW_TRACEPOINT, .target = "jbd2_end_commit",
		  .programs = { "jbd2_end_commit__tp_perf" }, .perf = true },
	} },
	{ "fsync, data wait", CL_HOOK_OF_EXT4, CL_NEED_FSYNC_STAGES, {
		VIA(FENTRY, DATA_WAIT, FUNCTION_PAIR(DATA_WAIT)),
		VIA(KPROBE, DATA_WAIT, KPROBE_PAIR(DATA_WAIT)),
	} },
	{ "fsync, commit wait", CL_HOOK_OF_EXT4, CL_NEED_FSYNC_STAGES, {
		VIA(FENTRY, FAST_COMMIT, FUNCTION_PAIR(FAST_COMMIT)),
		VIA(FENTRY, FULL_COMMIT, FUNCTION_PAIR(FULL_COMMIT)),
		VIA(KPROBE, FAST_COMMIT, KPROBE_PAIR(FAST_COMMIT)),
		VIA(KPROBE, FULL_COMMIT, KPROBE_PAIR(FULL_COMMIT)),
	} },
	{ "device flush", CL_HOOK_OF_EXT4, CL_NEED_DEVICE_FLUSH | CL_NEED_FSYNC_STAGES, {
		VIA(FENTRY, DEVICE_FLUSH, FUNCTION_PAIR(DEVICE_FLUSH)),
		VIA(KPROBE, DEVICE_FLUSH, KPROBE_PAIR(DEVICE_FLUSH)),
	} },
	{ "device flush, journal", CL_HOOK_OF_EXT4, CL_NEED_DEVICE_FLUSH, {
		/* Before 6.0 it had three arguments. */
		{ .how = CL_HOW_FENTRY, .target = "submit_bh", .args = 2,
		  .programs = { "submit_bh__fentry" } },
		VIA(FENTRY, "bh_submit", "bh_submit__fentry"),
		{ .how = CL_HOW_KPROBE, .target = "submit_bh", .args = 2,
		  .programs = { "submit_bh__kprobe" } },
		VIA(KPROBE, "bh_submit", "bh_submit__kprobe"),
	} },
	{ "flush", CL_HOOK_OF_SERIES, CL_NEED_FLUSH, {
		VIA(TRACEPOINT, "ext4_aio_dio_flush_end", "ext4_aio_dio_flush_begin__tp",
		    "ext4_aio_dio_flush_end__tp"),
		VIA(FENTRY, "flush_aio_dio_completed_IO",
		    FUNCTION_PAIR("flush_aio_dio_completed_IO")),
		VIA(KPROBE, "flush_aio_dio_completed_IO",
		    KPROBE_PAIR("flush_aio_dio_completed_IO")),
	} },
	{ "work", CL_HOOK_OF_SERIES, CL_NEED_WORK, {
		VIA(FENTRY, "ext4_end_aio_dio_work", FUNCTION_PAIR("ext4_end_aio_dio_work")),
		VIA(KPROBE, "ext4_end_aio_dio_work", KPROBE_PAIR("ext4_end_aio_dio_work")),
	} },
};

static bool is_absent(const struct cl_hook *hook, const struct cl_features *f)
{
	switch (hook->of) {
	case CL_HOOK_OF_SERIES:
		return !f->patched;
	case CL_HOOK_OF_AIO:
		return !f->aio;
	case CL_HOOK_OF_IO_URING:
		return !f->io_uring;
	case CL_HOOK_OF_ATOMIC_WRITES:
		return !f->atomic_writes;
	case CL_HOOK_OF_EXT4:
		break;
	}
	return false;
}

/* Whether the kernel has what the program's name says it hangs on. */
static bool has_target(const struct cl_features *f, const char *program, char *note, size_t size)
{
	const char *suffix = strstr(program, "__"), *changed;
	char target[96];

	snprintf(target, sizeof(target), "%.*s", (int)(suffix - program), program);
	suffix += 2;
	if (!strncmp(suffix, "tp", 2))
		return cl_types_tracepoint(f->types, target);
	if (suffix[0] == 'f')
		return cl_types_fentry(f->types, target);
	if (cl_symbols_find(f->symbols, target, &changed))
		return true;
	if (changed)
		snprintf(note, size, "only %s is left, whose arguments may differ", changed);
	return false;
}

static unsigned int number_of_args(const struct cl_features *f,
				   const struct cl_candidate *candidate)
{
	if (candidate->how == CL_HOW_TRACEPOINT)
		return cl_types_tracepoint_args(f->types, candidate->target);
	return cl_types_func_args(f->types, candidate->target);
}

static bool candidate_fits(struct cl_choices *c, struct cl_choice *choice,
			   const struct cl_candidate *candidate)
{
	bool found = !candidate->only_with;

	if (candidate->unless && cl_types_tracepoint(c->features->types, candidate->unless))
		return false;
	if (candidate->args && number_of_args(c->features, candidate) != candidate->args)
		return false;
	if (candidate->pointer &&
	    !cl_types_tracepoint_pointer(c->features->types, candidate->target, candidate->pointer)) {
		snprintf(choice->note, sizeof(choice->note),
			 "%s is not told what it needs to know here", candidate->target);
		return false;
	}
	for (unsigned int i = 0; i < c->nr && !found; i++)
		found = c->of[i].candidate && &c->of[i] < choice &&
			!strcmp(c->of[i].candidate->target, candidate->only_with);
	for (int i = 0; i < CL_CANDIDATE_PROGRAMS && candidate->programs[i] && found; i++)
		found = has_target(c->features, candidate->programs[i], choice->note,
				   sizeof(choice->note));
	return found;
}

/*
 * fentry programs run with preemption on, and count as running on their CPU while the task
 * is preempted: for the next task there they are passed over. So may raw tracepoints. Kprobes
 * and perf's tracepoints keep it off, but while any of them runs, interrupts pass over all of
 * them: so not where the device is done.
 */
static bool is_second_choice(const struct cl_choices *c, const struct cl_choice *choice,
			     const struct cl_candidate *candidate)
{
	bool preempted = c->first == CL_HOOKS_BEST && c->features->preempts &&
			 c->features->own_returns && choice->hook->provides != CL_NEED_LANDED;
	bool safe = candidate->how == CL_HOW_KPROBE || candidate->perf || !candidate->programs[0];

	if (candidate->how < c->first || candidate->inferred)
		return true;
	return preempted ? !safe : candidate->perf;
}

static const struct cl_candidate *find_candidate(struct cl_choices *c, struct cl_choice *choice)
{
	/*
	 * A class that was asked for is passed over where the hook has nothing
	 * in it; and what can only be inferred is the last resort.
	 */
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < CL_CANDIDATES; i++) {
			const struct cl_candidate *candidate = &choice->hook->candidates[i];

			if (!candidate->target || choice->refused[i])
				continue;
			if (!pass && is_second_choice(c, choice, candidate))
				continue;
			if (candidate_fits(c, choice, candidate))
				return candidate;
		}
	}
	return NULL;
}

static void choose_all(struct cl_choices *c)
{
	for (unsigned int i = 0; i < c->nr; i++) {
		struct cl_choice *choice = &c->of[i];

		choice->absent = is_absent(choice->hook, c->features);
		choice->candidate = choice->absent ? NULL : find_candidate(c, choice);
	}
}

void cl_hooks_choose(const struct cl_features *f, enum cl_hook_how first, __u32 wanted,
		     struct cl_choices *c)
{
	memset(c, 0, sizeof(*c));
	c->features = f;
	c->first = first;
	for (size_t i = 0; i < ARRAY_SIZE(hooks); i++)
		if (hooks[i].provides & wanted)
			c->of[c->nr++].hook = &hooks[i];
	choose_all(c);
}

static bool has_program(const struct cl_candidate *candidate, const char *program)
{
	for (int i = 0; candidate && i < CL_CANDIDATE_PROGRAMS && candidate->programs[i]; i++)
		if (!strcmp(candidate->programs[i], program))
			return true;
	return false;
}

bool cl_hooks_refused(struct cl_choices *c, const char *program, const char *why)
{
	bool changed = false;

	for (unsigned int i = 0; i < c->nr; i++) {
		struct cl_choice *choice = &c->of[i];

		if (!has_program(choice->candidate, program))
			continue;
		choice->refused[choice->candidate - choice->hook->candidates] = true;
		snprintf(choice->note, sizeof(choice->note), "%s: %s", program, why);
		changed = true;
	}
	if (changed)
		choose_all(c);
	return changed;
}

bool cl_hooks_wants_program(const struct cl_choices *c, const char *program)
{
	for (unsigned int i = 0; i < c->nr; i++)
		if (has_program(c->of[i].candidate, program))
			return true;
	return false;
}

void cl_hooks_fill_report(const struct cl_choices *c, struct cl_hooks_report *report)
{
	memset(report, 0, sizeof(*report));
	snprintf(report->kernel, sizeof(report->kernel), "%s", c->features->release);
	report->patched = c->features->patched;
	report->nr = c->nr;
	for (unsigned int i = 0; i < c->nr; i++) {
		const struct cl_choice *choice = &c->of[i];
		struct cl_hook_state *state = &report->hook[i];

		state->name = choice->hook->name;
		state->provides = choice->hook->provides;
		state->note = choice->note[0] ? choice->note : NULL;
		if (choice->candidate) {
			state->how = choice->candidate->how;
			state->target = choice->candidate->target;
			state->inferred = choice->candidate->inferred;
			if (choice->candidate->note)
				state->note = choice->candidate->note;
		} else {
			state->how = choice->absent ? CL_HOW_ABSENT : CL_HOW_MISSING;
			if (!choice->absent && !state->note)
				state->note = "no function or tracepoint of this name";
		}
	}
}
