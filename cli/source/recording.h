/* SPDX-License-Identifier: GPL-2.0 */
#ifndef CONVLIST_SOURCE_RECORDING_H
#define CONVLIST_SOURCE_RECORDING_H

#include <stdio.h>

#include "record/about.h"
#include "source/source.h"

/*
 * Reads a recording (docs/recording.md); messages name the file. -EINVAL: it is
 * none, -ENOTSUP: it is of a later version, ...
 */
int cl_source_recording_open(const char *path, const struct cl_config *filter,
			     struct cl_source **src);
/* The same of an open file, which is closed with the source, or on error. */
int cl_source_recording_fopen(FILE *f, const char *name, const struct cl_config *filter,
			      struct cl_source **src);

/*
 * Narrows the filter to the inode that had this path. 0, or a negative errno
 * after a message: -ENOENT, none had it; -EINVAL, several had.
 */
int cl_recording_find(const char *recording, const char *path, struct cl_config *filter);

/* What the recording says of itself; NULL when the source is none. */
const struct cl_about *cl_source_about(const struct cl_source *src);
/* Its last words, when the stream is over. NULL: there are none, or it is none. */
const struct cl_about_end *cl_source_about_end(const struct cl_source *src);

#endif
