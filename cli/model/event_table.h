/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One row per kind of fact: its name, its fields, what values it may hold.
 * Printing (trace), reading (test vectors) and validation all use the row.
 */
#ifndef CONVLIST_EVENT_TABLE_H
#define CONVLIST_EVENT_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "event.h"

struct cl_out;

enum cl_field_type {
	CL_FIELD_U32 = 1,
	CL_FIELD_U64,
	CL_FIELD_S64,
	CL_FIELD_TIME,		/* __u64, CLOCK_MONOTONIC; 0: not seen */
	CL_FIELD_DEV,		/* __u32 */
	CL_FIELD_COMM,		/* char[CL_COMM_LEN] */
	CL_FIELD_PATH,		/* the string that ends a cl_ev_path */
	/* From here on not every value is possible. */
	CL_FIELD_ERROR,		/* __s32, 0 or a negative errno */
	CL_FIELD_BOOL,		/* __u32, 0 or 1 */
	CL_FIELD_ENUM,		/* __u32, index into names */
	CL_FIELD_FLAGS,		/* __u16, CL_F_* */
};

struct cl_field {
	const char *name;	/* as JSON has it, with its unit */
	enum cl_field_type type;
	size_t offset;
	const char *const *names;	/* CL_FIELD_ENUM */
	unsigned int nr_names;
	bool required;		/* a test vector has to give it */
	__s64 def;		/* else this, for CL_FIELD_S64 */
	bool rare;		/* printed only when it is not 0; for 64 bits, or ENUM */
};

struct cl_event_info {
	const char *name;
	size_t size_bytes;	/* least size of the record */
	const struct cl_field *fields;	/* those after struct cl_event; ends with name NULL */
	bool (*sane)(const struct cl_event *e);	/* beyond what the fields' types say; or NULL */
};

/* Any record, aligned. */
union cl_any_event {
	struct cl_event e;
	struct cl_ev_write write;
	struct cl_ev_listed listed;
	struct cl_ev_completion completion;
	struct cl_ev_convert convert;
	struct cl_ev_flush flush;
	struct cl_ev_work work;
	struct cl_ev_fsync_begin fsync_begin;
	struct cl_ev_fsync_end fsync_end;
	struct cl_ev_commit commit;
	struct cl_ev_path path;
	struct cl_ev_lost lost;
	struct cl_ev_zeroout zeroout;
	struct cl_ev_device_flush device_flush;
	struct cl_ev_sync sync;
	struct cl_ev_remove remove;
	struct cl_ev_read read;
	struct cl_ev_name name;
	struct cl_ev_writeback writeback;
	unsigned char bytes[sizeof(struct cl_ev_path) + CL_PATH_MAX];
};

extern const struct cl_field cl_event_header_fields[];

/* NULL when there is no such kind. */
const struct cl_event_info *cl_event_info(unsigned int kind);
/* CL_EV_NONE when there is no such name; name need not be terminated. */
enum cl_event_kind cl_event_kind(const char *name, size_t len);

/*
 * Whether len bytes at record are a fact that the model may use: known kind,
 * full size, possible values. 0 or -EINVAL. record is aligned to 8 bytes.
 */
int cl_event_check(const void *record, size_t len);

/* Prints the fields of a checked record into the row that is open. */
void cl_event_print(struct cl_out *o, const struct cl_event *e);

const char *cl_why_name(unsigned int why);
const char *cl_via_name(unsigned int via);
const char *cl_journal_name(unsigned int journal);
const char *cl_cache_name(unsigned int cache);
const char *cl_lost_name(unsigned int where);
const char *cl_name_how_name(unsigned int how);

extern const char *const cl_flag_names[];	/* CL_F_* by bit number */
#define CL_FLAG_BITS 3

#endif
