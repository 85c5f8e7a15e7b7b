/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONVLIST_PREEMPT_H
#define CONVLIST_PREEMPT_H

#include <stdbool.h>

/*
 * Whether a task may be preempted while it is in the kernel; true where that cannot be
 * found out. version: of uname(2).
 */
bool cl_kernel_preempts(const char *version);

/* The same from what /sys/kernel/debug/sched/preempt says; NULL: that cannot be read. */
bool cl_preempts(const char *version, const char *models);

#endif
