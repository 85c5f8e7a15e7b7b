/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A recording on its way to the disk. Frames are written whole; what could not
 * be written whole is taken back, so that the file ends with a whole frame.
 */
#ifndef CONVLIST_RECORD_FILE_H
#define CONVLIST_RECORD_FILE_H

#include "record/about.h"
#include "record/frame.h"

struct cl_record_file;

/*
 * Begins a recording at path, in the place of an older recording, but never of
 * anything else. atomic: the file appears under its name when it is whole.
 * 0, or a negative errno after a message.
 */
int cl_record_file_create(const char *path, const struct cl_about *about, bool atomic,
			  struct cl_record_file **file);

/* 0, or a negative errno: after a message, and for good. */
int cl_record_file_add(struct cl_record_file *file, const struct cl_frame *f);

/*
 * Writes the end frame, syncs and closes; frees in any case. 0, or the first
 * error after a message. end NULL: given up, without an end. *bytes: how long it is.
 */
int cl_record_file_end(struct cl_record_file *file, const struct cl_about_end *end,
		       uint64_t *bytes);

#endif
