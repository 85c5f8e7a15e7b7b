/* SPDX-License-Identifier: GPL-2.0 */
/* The filters of the kernel side, for facts that come from a file. */
#ifndef CONVLIST_WANTED_H
#define CONVLIST_WANTED_H

#include <stdbool.h>
#include <stddef.h>

#include "event.h"

/* See cl_source_live_open(). What is no fact is wanted: somebody has to tell. */
bool cl_wanted(const struct cl_config *filter, const void *record, size_t len);

#endif
