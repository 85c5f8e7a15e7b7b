// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "model/event_table.h"
#include "output/output.h"
#include "rules/evidence.h"

static void take_use(struct cl_evidence *v, const struct cl_judge *j)
{
	const struct cl_unsynced *u;

	if (j->moment == CL_AT_CALL && (j->f->beside || j->f->failed_before))
		v->other = j->f->beside ? *j->f->beside : *j->f->failed_before;
	if (j->moment != CL_AT_FILE_END)
		return;
	u = &j->inode->use->unsynced[j->how];
	v->other = u->last.early;
	v->writes = u->writes - u->synced_writes;
	v->bytes = u->bytes - u->synced_bytes;
	v->closed_ns = j->inode->use->closed_ns;
}

static void take_name(struct cl_evidence *v, const struct cl_name *n)
{
	v->has_name = true;
	v->name = *n;
	v->other = n->fsync;
	v->dev = n->dev;
	v->ino = n->ino;
	v->generation = n->generation;
	v->path = n->path ? strdup(n->path) : NULL;
}

static void take_inode(struct cl_evidence *v, const struct cl_judge *j)
{
	const struct cl_inode *inode = j->inode;

	v->cache = v->rule->about_flush && j->flushes_seen ? inode->dev->cache : CL_CACHE_UNKNOWN;
	v->flush_ns = inode->dev->flush_ns;
	v->flushed = v->cache != CL_CACHE_UNKNOWN && cl_write_flushed(j->w);
	v->dev = inode->dev->dev;
	v->ino = inode->ino;
	v->generation = inode->generation;
	v->path = inode->path ? strdup(inode->path) : NULL;
	v->no_journal = inode->dev->journal_known && inode->dev->journal == CL_JOURNAL_NONE;
}

void cl_evidence_take(struct cl_evidence *v, const struct cl_rule *rule, const struct cl_judge *j)
{
	memset(v, 0, sizeof(*v));
	v->rule = rule;
	if (j->name) {
		take_name(v, j->name);
		return;
	}
	v->has_write = j->w;
	if (j->w)
		v->w = *j->w;
	v->has_fsync = j->f;
	v->has_zeroout = rule->at_zeroout && j->w->zeroout;
	if (v->has_zeroout)
		v->z = *j->w->zeroout;
	v->has_again = j->again;
	if (j->again)
		v->again = *j->again;
	v->has_read = j->read;
	if (j->read)
		v->read = *j->read;
	if (j->f)
		v->f = *j->f;
	take_use(v, j);
	take_inode(v, j);
}

void cl_evidence_drop(struct cl_evidence *v)
{
	free(v->path);
	v->path = NULL;
}

static void time_or_null(struct cl_out *o, const char *key, uint64_t ns)
{
	if (ns)
		cl_out_time(o, key, ns);
	else
		cl_out_null(o, key);
}

static void print_write(const struct cl_write *w, struct cl_out *o)
{
	cl_out_object(o, "write");
	cl_out_u64(o, "write_id", w->id);
	cl_out_s64(o, "offset_bytes", w->range.start);
	cl_out_u64(o, "size_bytes", w->range.end - w->range.start);
	if (w->buffered) {
		cl_out_null(o, "pid");
		cl_out_null(o, "comm");
	} else {
		cl_out_u64(o, "pid", w->tgid);
		cl_out_strn(o, "comm", w->comm, CL_COMM_LEN);
	}
	time_or_null(o, "submit_ns", w->submit_ns);
	time_or_null(o, "data_done_ns", w->done_ns);
	time_or_null(o, "listed_ns", w->listed_ns);
	time_or_null(o, "visible_ns", w->buffered ? 0 : w->visible_ns);
	cl_out_str(o, "via", cl_via_name(w->via));
	cl_out_bool(o, "dsync", w->dsync);
	cl_out_close(o);
}

static void print_conversion(const struct cl_write *w, struct cl_out *o)
{
	const char *state = "converted";

	if (w->nr_gaps)
		state = w->nr_covers || w->convert_error ? "converted in part" : "not converted yet";
	else if (w->convert_error)
		state = "failed";
	cl_out_object(o, "conversion");
	cl_out_str(o, "state", state);
	if (w->converted_ns) {
		time_or_null(o, "begin_ns", w->convert_begin_ns);
		cl_out_time(o, "end_ns", w->converted_ns);
		cl_out_error_code(o, "error", w->convert_error);
		cl_out_str(o, "why", cl_why_name(w->why));
	}
	if (w->has_tid)
		cl_out_u64(o, "tid", w->tid);
	else
		cl_out_null(o, "tid");
	cl_out_close(o);
}

static void print_seen(const struct cl_fsync_seen *f, const char *key, struct cl_out *o)
{
	cl_out_object(o, key);
	cl_out_u64(o, "fsync_id", f->id);
	cl_out_u64(o, "pid", f->tgid);
	cl_out_u64(o, "tid", f->tid);
	cl_out_strn(o, "comm", f->comm, CL_COMM_LEN);
	cl_out_bool(o, "datasync", f->datasync);
	cl_out_time(o, "begin_ns", f->begin_ns);
	time_or_null(o, "end_ns", f->end_ns);
	if (f->end_ns)
		cl_out_error_code(o, "ret", f->ret);
	else
		cl_out_null(o, "ret");
	cl_out_close(o);
}

static void print_unsynced(const struct cl_evidence *v, struct cl_out *o)
{
	cl_out_object(o, "unsynced");
	cl_out_u64(o, "writes", v->writes);
	cl_out_u64(o, "bytes", v->bytes);
	cl_out_time(o, "closed_ns", v->closed_ns);
	cl_out_close(o);
}

static void print_name(const struct cl_name *n, struct cl_out *o)
{
	cl_out_object(o, "name");
	cl_out_str(o, "how", cl_name_how_name(n->how));
	cl_out_u64(o, "dir_ino", n->dir_ino);
	cl_out_u64(o, "pid", n->tgid);
	cl_out_u64(o, "tid", n->tid);
	cl_out_strn(o, "comm", n->comm, CL_COMM_LEN);
	cl_out_time(o, "made_ns", n->made_ns);
	cl_out_time(o, "closed_ns", n->closed_ns);
	cl_out_bool(o, "written_too", n->written_too);
	cl_out_close(o);
}

static void print_fsync(const struct cl_fsync *f, struct cl_out *o)
{
	cl_out_object(o, "fsync");
	cl_out_u64(o, "fsync_id", f->id);
	cl_out_u64(o, "pid", f->tgid);
	cl_out_strn(o, "comm", f->comm, CL_COMM_LEN);
	cl_out_bool(o, "datasync", f->datasync);
	cl_out_time(o, "begin_ns", f->begin_ns);
	cl_out_time(o, "end_ns", f->end_ns);
	cl_out_error_code(o, "ret", f->ret);
	cl_out_str(o, "journal", cl_journal_name(f->journal));
	if (f->journal == CL_JOURNAL_NONE)
		cl_out_null(o, "committed_tid");
	else
		cl_out_u64(o, "committed_tid", f->committed_tid);
	cl_out_close(o);
}

static struct cl_range overlap_of(const struct cl_range *a, const struct cl_range *b)
{
	return (struct cl_range){ a->start > b->start ? a->start : b->start,
				  a->end < b->end ? a->end : b->end };
}

/* What was lost is the part of the write that lies in it. */
static void print_zeroout(const struct cl_zeroout *z, const struct cl_write *w, struct cl_out *o)
{
	struct cl_range lost = overlap_of(&z->range, &w->range);

	cl_out_object(o, "zeroout");
	cl_out_s64(o, "lost_offset_bytes", lost.start);
	cl_out_u64(o, "lost_size_bytes", lost.end - lost.start);
	time_or_null(o, "landed_ns", w->landed_ns);
	time_or_null(o, "begin_ns", z->begin_ns);
	cl_out_time(o, "end_ns", z->end_ns);
	cl_out_s64(o, "offset_bytes", z->range.start);
	cl_out_u64(o, "size_bytes", z->range.end - z->range.start);
	if (z->converted.start < z->converted.end) {
		cl_out_s64(o, "for_offset_bytes", z->converted.start);
		cl_out_u64(o, "for_size_bytes", z->converted.end - z->converted.start);
	}
	cl_out_u64(o, "tid", z->tid);
	cl_out_close(o);
}

static void print_again(const struct cl_conversion *c, uint64_t removed_ns, struct cl_out *o)
{
	cl_out_object(o, "again");
	cl_out_time(o, "begin_ns", c->begin_ns);
	cl_out_time(o, "end_ns", c->end_ns);
	cl_out_str(o, "why", cl_why_name(c->why));
	cl_out_s64(o, "offset_bytes", c->range.start);
	cl_out_u64(o, "size_bytes", c->range.end - c->range.start);
	cl_out_u64(o, "entries", c->entries);
	time_or_null(o, "removed_ns", removed_ns);
	cl_out_close(o);
}

/* What it did not see is the part of the write that lies in it. */
static void print_read(const struct cl_read *r, const struct cl_write *w, struct cl_out *o)
{
	struct cl_range unseen = overlap_of(&r->range, &w->range);

	cl_out_object(o, "read");
	cl_out_s64(o, "unseen_offset_bytes", unseen.start);
	cl_out_u64(o, "unseen_size_bytes", unseen.end - unseen.start);
	cl_out_u64(o, "pid", r->tgid);
	cl_out_u64(o, "tid", r->tid);
	cl_out_strn(o, "comm", r->comm, CL_COMM_LEN);
	cl_out_bool(o, "direct", r->direct);
	time_or_null(o, "begin_ns", r->begin_ns);
	cl_out_time(o, "mapped_ns", r->mapped_ns);
	cl_out_s64(o, "offset_bytes", r->range.start);
	cl_out_u64(o, "size_bytes", r->range.end - r->range.start);
	cl_out_close(o);
}

static void print_device(const struct cl_evidence *v, struct cl_out *o)
{
	cl_out_object(o, "device");
	cl_out_str(o, "cache", cl_cache_name(v->cache));
	cl_out_bool(o, "flushed", v->flushed);
	time_or_null(o, "last_flush_ns", v->flush_ns);
	cl_out_close(o);
}

void cl_evidence_print(const struct cl_evidence *v, const struct cl_kept_in *in,
		       struct cl_out *o)
{
	cl_out_block_begin(o, v->rule->severity == CL_VERDICT_VIOLATION ? "violation" : "warning");
	cl_out_str(o, "rule", v->rule->name);
	if (v->rule->severity == CL_VERDICT_VIOLATION)
		cl_story_promise(v, o);
	cl_out_str(o, "found", v->rule->found);
	if (v->rule->severity == CL_VERDICT_WARNING)
		cl_out_str(o, "advice", v->rule->advice);
	cl_out_str(o, "path", v->path);
	cl_out_dev(o, "dev", v->dev);
	cl_out_u64(o, "ino", v->ino);
	cl_out_u64(o, "generation", v->generation);
	if (v->writes)
		print_unsynced(v, o);
	if (v->has_name)
		print_name(&v->name, o);
	if (v->has_write) {
		print_write(&v->w, o);
		print_conversion(&v->w, o);
	} else {
		cl_out_null(o, "write");
		cl_out_null(o, "conversion");
	}
	if (v->has_fsync)
		print_fsync(&v->f, o);
	else if (v->has_name)
		print_seen(&v->other, "fsync", o);
	else
		cl_out_null(o, "fsync");
	if (v->cache != CL_CACHE_UNKNOWN)
		print_device(v, o);
	if (v->other.id && !v->has_name)
		print_seen(&v->other, "other_fsync", o);
	if (v->has_read)
		print_read(&v->read, &v->w, o);
	if (v->has_again)
		print_again(&v->again, v->w.removed_ns, o);
	if (v->has_zeroout)
		print_zeroout(&v->z, &v->w, o);
	if (v->rule->severity == CL_VERDICT_VIOLATION) {
		cl_story_later(v, o);
		cl_story_more(v, in, o);
	}
	cl_out_end(o);
}
