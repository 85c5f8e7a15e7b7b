/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One run over a source: its loop, signals, time limit and the command that is
 * watched. What is done with the records is the caller's.
 */
#ifndef CONVLIST_SESSION_H
#define CONVLIST_SESSION_H

#include "command.h"
#include "model/model.h"
#include "source/source.h"
#include "util.h"

struct cl_session {
	struct cl_source *source;
	cl_record_fn record;
	void *record_ctx;

	/* What the source lost so far has been told: after each poll that settles. */
	void (*settle)(void *ctx);
	/* SIGUSR1 came. NULL: it is not caught. */
	void (*asked)(void *ctx);
	/* True: nobody wants to know any more, end. NULL: never. */
	bool (*unwanted)(void *ctx);
	/* After the command is over: true as long as more is worth waiting for. NULL: never. */
	bool (*unfinished)(void *ctx);
	void *ctx;

	uint64_t duration_ns;	/* 0: no limit */
	uint64_t linger_ns;	/* limit to waiting while unfinished() */
	char **command;		/* NULL terminated; NULL: none */
	bool command_to_stderr;	/* its stdout: ours is for JSON */

	struct cl_command_status status;	/* out */
};

/*
 * Returns when the stream is over and drained: at the end of a file, of the
 * command, of the time, or after SIGINT or SIGTERM. 0, or a negative errno after
 * a message: the command could not be started, the source failed.
 */
int cl_session_run(struct cl_session *s);

/*
 * The source that the options name: a recording, a text file of facts
 * (--events), or, both NULL, the live kernel. Message on error.
 */
struct cl_origin {
	const char *recording, *events;
	const char *path;		/* in a recording: only of the inode of this name */
	struct cl_live_options live;
};

int cl_session_open(const struct cl_origin *from, struct cl_source **src);

/*
 * Tells the model what the source knows of its stream as a whole. Before the
 * first record, and from settle().
 */
void cl_session_tell(struct cl_source *src, struct cl_model *m);

/*
 * Whether the operands (from the first on) name a recording, and not a command:
 * a single one, not behind "--", that begins as a recording does, or is a file
 * that nobody could run.
 */
bool cl_names_recording(int argc, char **argv, int first);

#endif
