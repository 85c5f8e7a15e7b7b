/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONVLIST_COMMANDS_H
#define CONVLIST_COMMANDS_H

/* Each takes its own argv, argv[0] being its name, and returns an exit status. */
#define X(name, fn, summary) int fn(int argc, char **argv);
#include "commands.def"
#undef X

#endif
