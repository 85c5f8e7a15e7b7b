/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The file of a recording, version 1; docs/recording.md. All numbers are little
 * endian, as are the records themselves.
 *
 *	struct cl_file_header
 *	frame: CL_FRAME_ABOUT, always the first		JSON, about.h
 *	frame: CL_FRAME_EVENTS, as many as there are	records, events.h
 *	frame: CL_FRAME_END, always the last		JSON, about.h
 *
 * Each frame can be checked and unpacked by itself, so whatever ends a recording
 * early leaves all frames before it whole.
 */
#ifndef CONVLIST_RECORD_FORMAT_H
#define CONVLIST_RECORD_FORMAT_H

#include <linux/types.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "records are written as they are in memory, and the format is little endian"
#endif

#define CL_FILE_MAGIC "CONVLREC"
#define CL_FILE_VERSION 1
#define CL_FRAME_MAGIC 0x6d72464c	/* "LFrm" */

struct cl_file_header {
	char magic[8];
	__u32 version;
	__u32 pad;
};

enum cl_frame_type {
	CL_FRAME_ABOUT = 1,
	CL_FRAME_EVENTS = 2,
	CL_FRAME_END = 3,
};

enum cl_frame_encoding {
	CL_ENCODING_PLAIN = 0,
	CL_ENCODING_ZSTD = 1,
};

struct cl_frame_header {
	__u32 magic;
	__u16 type;		/* enum cl_frame_type */
	__u16 encoding;		/* enum cl_frame_encoding */
	__u32 number;		/* from 0: one that is missing or comes twice is noticed */
	__u32 stored_bytes;	/* what follows this header */
	__u32 raw_bytes;	/* what that is when it is unpacked */
	__u32 stored_crc;	/* CRC-32 (zlib's) of what follows */
	__u32 pad;
	__u32 header_crc;	/* CRC-32 of this header up to here */
};

/* A reader takes no more than this, whatever a file says. */
#define CL_FRAME_RAW_MAX (2U << 20)
/* A writer ends a frame at this many bytes of records or this many entries. */
#define CL_FRAME_RAW_FULL (1U << 20)
#define CL_FRAME_ENTRIES_FULL (1U << 16)

/*
 * What CL_FRAME_EVENTS holds: this header, then group[nr_groups], then
 * order[nr_entries], then the groups' data.
 *
 * A group is of records of one kind and one size. Its data is transposed: the
 * first byte of each record, then the second byte of each, and so on, which
 * halves what is left after compression. order[] says of each entry in the
 * stream of which group it is the next, from 1; 0 is a mark: all loss up to here
 * has been told.
 */
struct cl_events_header {
	__u32 nr_entries;
	__u32 nr_groups;	/* at most CL_GROUPS_MAX */
};

struct cl_events_group {
	__u32 size_bytes;	/* of a record; at most CL_RECORD_MAX */
	__u32 nr;
};

#define CL_GROUPS_MAX 255
#define CL_RECORD_MAX 65536

#endif
