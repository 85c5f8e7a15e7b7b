/* SPDX-License-Identifier: GPL-2.0 */
/* The command that is watched. */
#ifndef CONVLIST_COMMAND_H
#define CONVLIST_COMMAND_H

#include <sys/types.h>

#include "session.h"

/* Returns its pid when it runs, or a negative errno when it could not be started. */
pid_t cl_command_start(char **argv, bool to_stderr);
/* True when it is over, and *status set. Does not wait. */
bool cl_command_over(pid_t pid, struct cl_command_status *status);

#endif
