/* SPDX-License-Identifier: GPL-2.0 */
/* The command that is watched. */
#ifndef CONVLIST_COMMAND_H
#define CONVLIST_COMMAND_H

#include <stdbool.h>
#include <sys/types.h>

struct cl_out;

struct cl_command_status {
	bool ran;
	int exit_status;	/* -1: ended by a signal */
	int signal;		/* 0: none */
};

/* Returns its pid when it runs, or a negative errno when it could not be started. */
pid_t cl_command_start(char **argv, bool to_stderr);
/* True when it is over, and *status set. Does not wait. */
bool cl_command_over(pid_t pid, struct cl_command_status *status);

/* The field command_status; status NULL: there was no command. */
void cl_command_status_print(const struct cl_command_status *status, struct cl_out *o);

#endif
