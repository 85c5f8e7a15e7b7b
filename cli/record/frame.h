/* SPDX-License-Identifier: GPL-2.0 */
/* One frame: packed, unpacked, checked. */
#ifndef CONVLIST_RECORD_FRAME_H
#define CONVLIST_RECORD_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "record/format.h"

struct cl_frame {
	enum cl_frame_type type;
	enum cl_frame_encoding encoding;
	__u32 raw_bytes, stored_bytes;
	__u32 stored_crc;
	void *stored;
	__u32 records;		/* the writer's own count; not in the file */
};

struct cl_packer;

struct cl_packer *cl_packer_new(void);
void cl_packer_free(struct cl_packer *p);

/* f->stored is the packer's, until its next use. 0, or a negative errno. */
int cl_frame_pack(struct cl_packer *p, enum cl_frame_type type, const void *raw, size_t bytes,
		  struct cl_frame *f);

/* The header that goes before f->stored. */
void cl_frame_header(const struct cl_frame *f, __u32 number, struct cl_frame_header *h);

/*
 * Takes a header apart, into *f without stored. Returns NULL, or what is wrong
 * with it.
 */
const char *cl_frame_parse(const struct cl_frame_header *h, __u32 number, struct cl_frame *f);

/*
 * Checks f->stored and unpacks it into raw, which has room for f->raw_bytes.
 * Returns NULL, or what is wrong with it.
 */
const char *cl_frame_unpack(struct cl_packer *p, const struct cl_frame *f, void *raw);

#endif
