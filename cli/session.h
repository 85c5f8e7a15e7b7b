/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One run over a source: its loop, signals, time limit and the command that is
 * watched. What is done with the records is the caller's.
 */
#ifndef CONVLIST_SESSION_H
#define CONVLIST_SESSION_H

#include "source/source.h"
#include "util.h"

struct cl_command_status {
	bool ran;
	int exit_status;	/* -1: ended by a signal */
	int signal;		/* 0: none */
};

struct cl_session {
	struct cl_source *source;
	cl_record_fn record;
	void *record_ctx;

	/* After each poll: what the source lost so far has been told. */
	void (*settle)(void *ctx);
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

/* A source by --events FILE (not NULL), else the live kernel; message on error. */
int cl_session_open(const char *events, const struct cl_live_options *live,
		    struct cl_source **src);

#endif
