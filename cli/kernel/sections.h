/* SPDX-License-Identifier: GPL-2.0 */
/* How programs find what they hang on, by the sections that they are in. */
#ifndef CONVLIST_SECTIONS_H
#define CONVLIST_SECTIONS_H

struct cl_types;

/*
 * Before an object is opened: its programs for fentry, fexit and typed tracepoints take their
 * targets from these types, which must stay until it is loaded. 0 or a negative errno.
 */
int cl_sections_use(struct cl_types *types);

#endif
