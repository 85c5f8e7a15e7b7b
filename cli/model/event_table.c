// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "model/event_table.h"
#include "util.h"

static const char *const why_names[] = {
	[CL_WHY_COMPLETION] = "completion", [CL_WHY_WORK] = "work",
	[CL_WHY_FSYNC] = "fsync",	    [CL_WHY_READ] = "read",
	[CL_WHY_FAULT] = "fault",	    [CL_WHY_WRITE] = "write",
	[CL_WHY_WRITEBACK] = "writeback",   [CL_WHY_LAYOUT] = "layout",
	[CL_WHY_MAP] = "map",		    [CL_WHY_DRAIN] = "drain",
	[CL_WHY_UNKNOWN] = "unknown",	    [CL_WHY_BUFFERED] = "buffered",
};

static const char *const via_names[] = {
	[CL_VIA_UNKNOWN] = "unknown",
	[CL_VIA_SYNC] = "sync",
	[CL_VIA_LIBAIO] = "libaio",
	[CL_VIA_IO_URING] = "io_uring",
	[CL_VIA_WRITEBACK] = "writeback",
};

static const char *const journal_names[] = {
	[CL_JOURNAL_NONE] = "none",
	[CL_JOURNAL_FULL] = "full",
	[CL_JOURNAL_FAST] = "fast",
};

static const char *const cache_names[] = {
	[CL_CACHE_UNKNOWN] = "unknown",
	[CL_CACHE_NONE] = "none",
	[CL_CACHE_VOLATILE] = "volatile",
	[CL_CACHE_UNREADABLE] = "unreadable",
};

static const char *const flush_by_names[] = {
	[CL_FLUSH_BY_CALL] = "call",
	[CL_FLUSH_BY_JOURNAL] = "journal",
};

static const char *const name_how_names[] = {
	[CL_NAME_CREATE] = "create",
	[CL_NAME_LINK] = "link",
	[CL_NAME_RENAME] = "rename",
	[CL_NAME_UNLINK] = "unlink",
};

static const char *const lost_names[] = {
	[CL_LOST_RING] = "ring",
	[CL_LOST_WRITES] = "writes",
	[CL_LOST_FSYNCS] = "fsyncs",
	[CL_LOST_SUBMITTER] = "submitter",
	[CL_LOST_MISSED] = "missed",
};

_Static_assert(ARRAY_SIZE(why_names) == CL_WHYS, "a cl_why without a name");
_Static_assert(ARRAY_SIZE(lost_names) == CL_LOST_WHERES, "a cl_lost_where without a name");

const char *const cl_flag_names[] = { "inferred", "truncated", "unlinked" };
_Static_assert(ARRAY_SIZE(cl_flag_names) == CL_FLAG_BITS, "a flag without a name");

#define F(record, member, kind, ...) \
	{ .name = #member, .type = CL_FIELD_##kind, \
	  .offset = offsetof(struct record, member), ##__VA_ARGS__ }
#define ENUM(record, member, table, ...) \
	F(record, member, ENUM, .names = table, .nr_names = ARRAY_SIZE(table), ##__VA_ARGS__)
#define MUST .required = true
#define RARE .rare = true

const struct cl_field cl_event_header_fields[] = {
	F(cl_event, ts_ns, TIME),
	F(cl_event, dev, DEV),
	F(cl_event, ino, U64),
	F(cl_event, generation, U32),
	F(cl_event, tgid, U32),
	F(cl_event, tid, U32),
	F(cl_event, flags, FLAGS),
	{}
};

static const struct cl_field write_fields[] = {
	F(cl_ev_write, write_id, U64, MUST),
	F(cl_ev_write, offset_bytes, S64, MUST),
	F(cl_ev_write, size_bytes, U64, MUST),
	F(cl_ev_write, submit_ns, TIME),
	F(cl_ev_write, sync, BOOL),
	F(cl_ev_write, dsync, BOOL),
	F(cl_ev_write, comm, COMM),
	F(cl_ev_write, mapped_id, U64, RARE),
	F(cl_ev_write, landed_id, U64, RARE),
	F(cl_ev_write, landed_ns, TIME, RARE),
	{}
};

static const struct cl_field writeback_fields[] = {
	F(cl_ev_writeback, write_id, U64, MUST),
	F(cl_ev_writeback, offset_bytes, S64, MUST),
	F(cl_ev_writeback, size_bytes, U64, MUST),
	{}
};

static const struct cl_field listed_fields[] = {
	F(cl_ev_listed, write_id, U64, MUST),
	F(cl_ev_listed, offset_bytes, S64, MUST),
	F(cl_ev_listed, size_bytes, U64, MUST),
	F(cl_ev_listed, pending, U32),
	{}
};

static const struct cl_field completion_fields[] = {
	F(cl_ev_completion, write_id, U64, MUST),
	F(cl_ev_completion, result, S64, MUST),
	ENUM(cl_ev_completion, via, via_names),
	F(cl_ev_completion, visible_id, U64, RARE),
	{}
};

static const struct cl_field convert_fields[] = {
	F(cl_ev_convert, offset_bytes, S64, MUST),
	F(cl_ev_convert, size_bytes, U64, MUST),
	F(cl_ev_convert, begin_ns, TIME),
	F(cl_ev_convert, error, ERROR),
	F(cl_ev_convert, journal_tid, U32),
	F(cl_ev_convert, has_tid, BOOL),
	ENUM(cl_ev_convert, why, why_names),
	F(cl_ev_convert, entries, U32),
	{}
};

static const struct cl_field flush_fields[] = {
	F(cl_ev_flush, begin_ns, TIME),
	ENUM(cl_ev_flush, why, why_names),
	F(cl_ev_flush, error, ERROR),
	F(cl_ev_flush, pending, U32),
	{}
};

static const struct cl_field work_fields[] = {
	F(cl_ev_work, begin_ns, TIME),
	{}
};

static const struct cl_field fsync_begin_fields[] = {
	F(cl_ev_fsync_begin, fsync_id, U64, MUST),
	F(cl_ev_fsync_begin, start_bytes, S64),
	F(cl_ev_fsync_begin, end_bytes, S64, .def = INT64_MAX),
	F(cl_ev_fsync_begin, datasync, BOOL),
	F(cl_ev_fsync_begin, comm, COMM),
	{}
};

static const struct cl_field fsync_end_fields[] = {
	F(cl_ev_fsync_end, fsync_id, U64, MUST),
	F(cl_ev_fsync_end, ret, ERROR, MUST),
	F(cl_ev_fsync_end, committed_tid, U32),
	ENUM(cl_ev_fsync_end, journal, journal_names, MUST),
	ENUM(cl_ev_fsync_end, cache, cache_names, RARE),
	{}
};

static const struct cl_field commit_fields[] = {
	F(cl_ev_commit, journal_tid, U32, MUST),
	{}
};

static const struct cl_field path_fields[] = {
	F(cl_ev_path, path, PATH, MUST),
	{}
};

static const struct cl_field lost_fields[] = {
	F(cl_ev_lost, count, U64, MUST),
	ENUM(cl_ev_lost, where, lost_names, MUST),
	{}
};

static const struct cl_field zeroout_fields[] = {
	F(cl_ev_zeroout, zeroout_id, U64, MUST),
	F(cl_ev_zeroout, offset_bytes, S64, MUST),
	F(cl_ev_zeroout, size_bytes, U64, MUST),
	F(cl_ev_zeroout, begin_ns, TIME),
	F(cl_ev_zeroout, error, ERROR),
	F(cl_ev_zeroout, for_offset_bytes, S64, RARE),
	F(cl_ev_zeroout, for_size_bytes, U64, RARE),
	{}
};

static const struct cl_field device_flush_fields[] = {
	F(cl_ev_device_flush, flush_id, U64, MUST),
	F(cl_ev_device_flush, begin_ns, TIME),
	F(cl_ev_device_flush, error, ERROR),
	ENUM(cl_ev_device_flush, by, flush_by_names),
	{}
};

static const struct cl_field no_fields[] = {
	{}
};

static const struct cl_field sync_fields[] = {
	F(cl_ev_sync, wait, BOOL),
	{}
};

static const struct cl_field remove_fields[] = {
	F(cl_ev_remove, offset_bytes, S64, MUST),
	F(cl_ev_remove, size_bytes, U64, MUST),
	F(cl_ev_remove, pending, U32),
	{}
};

static const struct cl_field read_fields[] = {
	F(cl_ev_read, read_id, U64, MUST),
	F(cl_ev_read, offset_bytes, S64, MUST),
	F(cl_ev_read, size_bytes, U64, MUST),
	F(cl_ev_read, begin_ns, TIME),
	F(cl_ev_read, unwritten, BOOL),
	F(cl_ev_read, direct, BOOL),
	F(cl_ev_read, comm, COMM),
	{}
};

static const struct cl_field name_fields[] = {
	F(cl_ev_name, dir_ino, U64, MUST),
	F(cl_ev_name, dir_generation, U32),
	F(cl_ev_name, name_hash, U32, MUST),
	ENUM(cl_ev_name, how, name_how_names, MUST),
	F(cl_ev_name, old_dir_ino, U64, RARE),
	F(cl_ev_name, old_dir_generation, U32),
	F(cl_ev_name, old_name_hash, U32),
	F(cl_ev_name, settled, BOOL),
	F(cl_ev_name, comm, COMM),
	{}
};

static bool sane_range(__s64 offset, __u64 size)
{
	return offset >= 0 && size && size <= (__u64)(INT64_MAX - offset);
}

static bool sane_write(const struct cl_event *e)
{
	const struct cl_ev_write *w = (const void *)e;

	return w->write_id && sane_range(w->offset_bytes, w->size_bytes);
}

static bool sane_writeback(const struct cl_event *e)
{
	const struct cl_ev_writeback *w = (const void *)e;

	return w->write_id && sane_range(w->offset_bytes, w->size_bytes);
}

static bool sane_listed(const struct cl_event *e)
{
	const struct cl_ev_listed *l = (const void *)e;

	return sane_range(l->offset_bytes, l->size_bytes);
}

static bool sane_completion(const struct cl_event *e)
{
	const struct cl_ev_completion *c = (const void *)e;

	return c->write_id && c->result >= -4095;
}

static bool sane_convert(const struct cl_event *e)
{
	const struct cl_ev_convert *c = (const void *)e;

	return sane_range(c->offset_bytes, c->size_bytes);
}

static bool sane_fsync_begin(const struct cl_event *e)
{
	return ((const struct cl_ev_fsync_begin *)e)->fsync_id;
}

static bool sane_fsync_end(const struct cl_event *e)
{
	return ((const struct cl_ev_fsync_end *)e)->fsync_id;
}

static bool sane_path(const struct cl_event *e)
{
	const struct cl_ev_path *p = (const void *)e;

	return p->len_bytes < CL_PATH_MAX &&
	       p->len_bytes < e->size_bytes - sizeof(*p) && !p->path[p->len_bytes];
}

static bool sane_lost(const struct cl_event *e)
{
	return ((const struct cl_ev_lost *)e)->count;
}

static bool sane_zeroout(const struct cl_event *e)
{
	const struct cl_ev_zeroout *z = (const void *)e;

	return z->zeroout_id && sane_range(z->offset_bytes, z->size_bytes) &&
	       (!z->for_size_bytes || sane_range(z->for_offset_bytes, z->for_size_bytes));
}

static bool sane_device_flush(const struct cl_event *e)
{
	return ((const struct cl_ev_device_flush *)e)->flush_id;
}

static bool sane_remove(const struct cl_event *e)
{
	const struct cl_ev_remove *r = (const void *)e;

	return sane_range(r->offset_bytes, r->size_bytes);
}

static bool sane_read(const struct cl_event *e)
{
	const struct cl_ev_read *r = (const void *)e;

	return r->read_id && sane_range(r->offset_bytes, r->size_bytes);
}

static const struct cl_event_info events[] = {
	[CL_EV_WRITE] = { "write", sizeof(struct cl_ev_write), write_fields, sane_write },
	[CL_EV_LISTED] = { "listed", sizeof(struct cl_ev_listed), listed_fields, sane_listed },
	[CL_EV_COMPLETION] = { "completion", sizeof(struct cl_ev_completion), completion_fields,
			       sane_completion },
	[CL_EV_CONVERT] = { "convert", sizeof(struct cl_ev_convert), convert_fields, sane_convert },
	[CL_EV_FLUSH] = { "flush", sizeof(struct cl_ev_flush), flush_fields, NULL },
	[CL_EV_WORK] = { "work", sizeof(struct cl_ev_work), work_fields, NULL },
	[CL_EV_FSYNC_BEGIN] = { "fsync_begin", sizeof(struct cl_ev_fsync_begin),
				fsync_begin_fields, sane_fsync_begin },
	[CL_EV_FSYNC_END] = { "fsync_end", sizeof(struct cl_ev_fsync_end), fsync_end_fields,
			      sane_fsync_end },
	[CL_EV_COMMIT] = { "commit", sizeof(struct cl_ev_commit), commit_fields, NULL },
	[CL_EV_PATH] = { "path", sizeof(struct cl_ev_path), path_fields, sane_path },
	[CL_EV_LOST] = { "lost", sizeof(struct cl_ev_lost), lost_fields, sane_lost },
	[CL_EV_ZEROOUT] = { "zeroout", sizeof(struct cl_ev_zeroout), zeroout_fields,
			    sane_zeroout },
	[CL_EV_DEVICE_FLUSH] = { "device_flush", sizeof(struct cl_ev_device_flush),
				 device_flush_fields, sane_device_flush },
	[CL_EV_CLOSE] = { "close", sizeof(struct cl_event), no_fields, NULL },
	[CL_EV_SYNC] = { "sync", sizeof(struct cl_ev_sync), sync_fields, NULL },
	[CL_EV_DELETE] = { "delete", sizeof(struct cl_event), no_fields, NULL },
	[CL_EV_REWRITE] = { "rewrite", sizeof(struct cl_event), no_fields, NULL },
	[CL_EV_REMOVE] = { "remove", sizeof(struct cl_ev_remove), remove_fields, sane_remove },
	[CL_EV_READ] = { "read", sizeof(struct cl_ev_read), read_fields, sane_read },
	[CL_EV_NAME] = { "name", sizeof(struct cl_ev_name), name_fields, NULL },
	[CL_EV_WRITEBACK] = { "writeback", sizeof(struct cl_ev_writeback), writeback_fields,
			      sane_writeback },
};

const struct cl_event_info *cl_event_info(unsigned int kind)
{
	return kind < ARRAY_SIZE(events) && events[kind].name ? &events[kind] : NULL;
}

enum cl_event_kind cl_event_kind(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(events); i++)
		if (events[i].name && strlen(events[i].name) == len &&
		    !memcmp(events[i].name, name, len))
			return i;
	return CL_EV_NONE;
}

static bool sane_field(const struct cl_event *e, const struct cl_field *f)
{
	const void *p = (const char *)e + f->offset;

	switch (f->type) {
	case CL_FIELD_BOOL:
		return *(const __u32 *)p <= 1;
	case CL_FIELD_ENUM:
		return *(const __u32 *)p < f->nr_names;
	case CL_FIELD_ERROR:
		return *(const __s32 *)p <= 0 && *(const __s32 *)p >= -4095;
	default:
		return true;
	}
}

int cl_event_check(const void *record, size_t len)
{
	const struct cl_event *e = record;
	const struct cl_event_info *info;
	const struct cl_field *f;

	if (len < sizeof(*e) || e->size_bytes > len)
		return -EINVAL;
	info = cl_event_info(e->kind);
	if (!info || e->size_bytes < info->size_bytes)
		return -EINVAL;
	/* Every hook stamps its records; only user space tells of loss. */
	if (!e->ts_ns && e->kind != CL_EV_LOST)
		return -EINVAL;
	if (e->flags >> CL_FLAG_BITS)
		return -EINVAL;
	for (f = info->fields; f->name; f++)
		if (f->type >= CL_FIELD_ERROR && !sane_field(e, f))
			return -EINVAL;
	return info->sane && !info->sane(e) ? -EINVAL : 0;
}

const char *cl_why_name(unsigned int why)
{
	return why < ARRAY_SIZE(why_names) ? why_names[why] : "unknown";
}

const char *cl_via_name(unsigned int via)
{
	return via < ARRAY_SIZE(via_names) ? via_names[via] : "unknown";
}

const char *cl_journal_name(unsigned int journal)
{
	return journal < ARRAY_SIZE(journal_names) ? journal_names[journal] : "unknown";
}

const char *cl_cache_name(unsigned int cache)
{
	return cache < ARRAY_SIZE(cache_names) ? cache_names[cache] : "unknown";
}

const char *cl_name_how_name(unsigned int how)
{
	return how < ARRAY_SIZE(name_how_names) ? name_how_names[how] : "unknown";
}

const char *cl_lost_name(unsigned int where)
{
	return where < ARRAY_SIZE(lost_names) ? lost_names[where] : "unknown";
}
