// SPDX-License-Identifier: GPL-2.0
/*
 * Names that programs gave to files: by create, link, rename. What becomes of those whose
 * file the same program has synced: their directory is synced as well, or the name goes
 * away again, or neither. A name is told by its directory and its hash there.
 */
#include <errno.h>
#include <string.h>

#include "model/internal.h"

struct cl_dir {
	struct cl_hash_node by_key;
	struct cl_list names;
	uint64_t ino;
	uint32_t dev, generation;
};

static uint64_t file_key(uint32_t dev, uint64_t ino, uint32_t generation)
{
	return cl_hash_mix(ino, (uint64_t)dev << 32 | generation);
}

static uint64_t name_key(const struct cl_dir *dir, uint32_t hash)
{
	return cl_hash_mix(dir->by_key.key, hash);
}

static struct cl_dir *find_dir(const struct cl_model *m, uint32_t dev, uint64_t ino,
			       uint32_t generation)
{
	struct cl_hash_node *n = cl_hash_find(&m->dirs, file_key(dev, ino, generation));
	struct cl_dir *d;

	for (; n; n = cl_hash_next(n)) {
		d = container_of(n, struct cl_dir, by_key);
		if (d->dev == dev && d->ino == ino && d->generation == generation)
			return d;
	}
	return NULL;
}

static struct cl_dir *get_dir(struct cl_model *m, const struct cl_ev_name *e)
{
	struct cl_dir *d = find_dir(m, e->e.dev, e->dir_ino, e->dir_generation);

	if (d)
		return d;
	d = calloc(1, sizeof(*d));
	if (!d)
		return NULL;
	d->dev = e->e.dev;
	d->ino = e->dir_ino;
	d->generation = e->dir_generation;
	cl_list_init(&d->names);
	if (cl_hash_add(&m->dirs, &d->by_key, file_key(d->dev, d->ino, d->generation))) {
		free(d);
		return NULL;
	}
	return d;
}

static void drop_dir(struct cl_model *m, struct cl_dir *d)
{
	if (!cl_list_empty(&d->names))
		return;
	cl_hash_del(&m->dirs, &d->by_key);
	free(d);
}

static void forget(struct cl_model *m, struct cl_name *n)
{
	struct cl_dir *dir = n->dir;

	cl_hash_del(&m->names_by_file, &n->by_file);
	cl_hash_del(&m->names, &n->by_name);
	cl_list_del(&n->by_dir);
	cl_list_del(&n->list);
	drop_dir(m, dir);
	free(n->path);
	free(n);
}

static void tell(struct cl_model *m, struct cl_name *n, enum cl_name_fate fate)
{
	size_t i;

	n->fate = fate;
	for (i = 0; i < m->nr_sinks; i++)
		if (m->sink[i]->name_end)
			m->sink[i]->name_end(m->sink[i]->ctx, m, n);
	forget(m, n);
}

static bool of_file(const struct cl_name *n, const struct cl_event *e)
{
	return n->ino == e->ino && n->dev == e->dev && n->generation == e->generation;
}

/* The next from node on; NULL: no more. */
static struct cl_name *next_of_file(struct cl_hash_node *node, const struct cl_event *e)
{
	for (; node; node = cl_hash_next(node)) {
		struct cl_name *n = container_of(node, struct cl_name, by_file);

		if (of_file(n, e))
			return n;
	}
	return NULL;
}

static struct cl_name *first_of_file(const struct cl_model *m, const struct cl_event *e)
{
	return next_of_file(cl_hash_find(&m->names_by_file,
					 file_key(e->dev, e->ino, e->generation)), e);
}

static struct cl_name *find_name(const struct cl_model *m, uint32_t dev, uint64_t dir_ino,
				 uint32_t dir_generation, uint32_t hash)
{
	const struct cl_dir *dir = find_dir(m, dev, dir_ino, dir_generation);
	struct cl_hash_node *node = dir ? cl_hash_find(&m->names, name_key(dir, hash)) : NULL;

	for (; node; node = cl_hash_next(node)) {
		struct cl_name *n = container_of(node, struct cl_name, by_name);

		if (n->dir == dir && n->hash == hash)
			return n;
	}
	return NULL;
}

/* Those of files that were not synced say the least: they go first. */
static void make_room(struct cl_model *m)
{
	struct cl_list *oldest = m->new_names.next;

	if (m->names.nr < CL_NAMES_MAX)
		return;
	if (cl_list_empty(&m->new_names))
		oldest = m->synced_names.next;
	tell(m, container_of(oldest, struct cl_name, list), CL_NAME_UNFOLLOWED);
}

/* An fsync sent through libaio is a worker's, whoever sent it. */
static bool same_program(const struct cl_fsync_seen *f, uint32_t tgid)
{
	return f->tgid == tgid || cl_by_worker(f->comm);
}

static void set_synced(struct cl_model *m, struct cl_name *n, const struct cl_fsync_seen *f)
{
	n->fsync = *f;
	cl_list_del(&n->list);
	cl_list_add_tail(&n->list, &m->synced_names);
}

/* NULL: no memory. */
static struct cl_name *add(struct cl_model *m, const struct cl_ev_name *e)
{
	struct cl_dir *dir = get_dir(m, e);
	struct cl_name *n = dir ? calloc(1, sizeof(*n)) : NULL;

	if (!n || cl_hash_add(&m->names_by_file, &n->by_file,
			      file_key(e->e.dev, e->e.ino, e->e.generation)))
		goto fail;
	if (cl_hash_add(&m->names, &n->by_name, name_key(dir, e->name_hash))) {
		cl_hash_del(&m->names_by_file, &n->by_file);
		goto fail;
	}
	cl_list_add_tail(&n->by_dir, &dir->names);
	cl_list_add_tail(&n->list, &m->new_names);
	n->dir = dir;
	n->dev = e->e.dev;
	n->ino = e->e.ino;
	n->generation = e->e.generation;
	n->dir_ino = e->dir_ino;
	n->hash = e->name_hash;
	n->how = e->how;
	n->tgid = e->e.tgid;
	n->tid = e->e.tid;
	memcpy(n->comm, e->comm, sizeof(n->comm));
	n->made_ns = e->e.ts_ns;
	n->made_seq = m->seq;
	return n;
fail:
	free(n);
	if (dir)
		drop_dir(m, dir);
	return NULL;
}

/* What is known of the file by this or its last name. */
static void inherit(struct cl_model *m, struct cl_name *n, const struct cl_fsync_seen *synced,
		    uint64_t closed_ns, uint64_t closed_seq)
{
	if (synced->id && synced->begin_seq >= n->fsync.begin_seq && same_program(synced, n->tgid))
		set_synced(m, n, synced);
	if (closed_seq > n->closed_seq) {
		n->closed_ns = closed_ns;
		n->closed_seq = closed_seq;
	}
}

int cl_name(struct cl_model *m, const struct cl_ev_name *e)
{
	const struct cl_inode *inode = cl_inode_find(m, &e->e);
	struct cl_name last = {}, *n = NULL;

	if (e->how == CL_NAME_RENAME)
		n = find_name(m, e->e.dev, e->old_dir_ino, e->old_dir_generation,
			      e->old_name_hash);
	if (n && of_file(n, &e->e))
		last = *n;	/* its pointers are not followed */
	if (n)
		forget(m, n);
	/* Who had this one before has it no more. */
	n = find_name(m, e->e.dev, e->dir_ino, e->dir_generation, e->name_hash);
	if (n && (e->how != CL_NAME_UNLINK || of_file(n, &e->e)))
		forget(m, n);
	if (e->how == CL_NAME_UNLINK || e->settled)
		return 0;
	make_room(m);
	n = add(m, e);
	if (!n)
		return -ENOMEM;
	inherit(m, n, &last.fsync, last.closed_ns, last.closed_seq);
	if (!inode)
		return 0;
	inherit(m, n, &inode->good, inode->closed_ns, inode->closed_seq);
	/* That of a new file is told when it is synced. */
	if (inode->path && e->how != CL_NAME_CREATE)
		n->path = strdup(inode->path);
	return 0;
}

/*
 * ext4 writes the name down with the file where it has no choice: a new file's transaction
 * is that of its name. Later ones are waited for by fsync, not by fdatasync, and without a
 * journal only the directory of a new file is written.
 */
static bool is_written_too(const struct cl_name *n, const struct cl_fsync *f)
{
	if (f->begin_seq < n->made_seq)
		return false;
	return n->how == CL_NAME_CREATE || (!f->datasync && f->journal != CL_JOURNAL_NONE);
}

static void note_synced(struct cl_model *m, struct cl_name *n, const struct cl_fsync *f)
{
	const struct cl_fsync_seen *seen = &f->inode->good;

	n->written_too |= is_written_too(n, f);
	if (!same_program(seen, n->tgid))
		return;
	set_synced(m, n, seen);
	if (!n->path && f->inode->path)
		n->path = strdup(f->inode->path);
}

static void made_durable(struct cl_model *m, struct cl_name *n)
{
	if (n->fsync.id)
		tell(m, n, CL_NAME_SYNCED);
	else
		forget(m, n);
}

void cl_name_fsync_end(struct cl_model *m, const struct cl_fsync *f)
{
	struct cl_inode *inode = f->inode;
	const struct cl_event e = { .dev = inode->dev->dev, .ino = inode->ino,
				    .generation = inode->generation };
	struct cl_dir *dir;
	struct cl_name *n;

	if (f->ret)
		return;
	inode->good = cl_fsync_seen_of(m, f);
	for (n = first_of_file(m, &e); n; n = next_of_file(cl_hash_next(&n->by_file), &e))
		note_synced(m, n, f);
	/* The oldest comes first; and with the last one, the directory is let go. */
	while ((dir = find_dir(m, e.dev, e.ino, e.generation))) {
		n = container_of(dir->names.next, struct cl_name, by_dir);
		if (n->made_seq > f->begin_seq)
			break;
		made_durable(m, n);
	}
}

static void sync_list(struct cl_model *m, struct cl_list *names, uint32_t dev)
{
	struct cl_list *pos, *tmp;

	cl_list_for_each_safe(pos, tmp, names) {
		struct cl_name *n = container_of(pos, struct cl_name, list);

		if (n->dev == dev)
			made_durable(m, n);
	}
}

void cl_name_sync(struct cl_model *m, const struct cl_event *e)
{
	sync_list(m, &m->new_names, e->dev);
	sync_list(m, &m->synced_names, e->dev);
}

void cl_name_close(struct cl_model *m, const struct cl_event *e)
{
	struct cl_inode *inode = cl_inode_find(m, e);
	struct cl_name *n;

	if (inode) {
		inode->closed_ns = e->ts_ns;
		inode->closed_seq = m->seq;
	}
	for (n = first_of_file(m, e); n; n = next_of_file(cl_hash_next(&n->by_file), e)) {
		n->closed_ns = e->ts_ns;
		n->closed_seq = m->seq;
	}
}

void cl_name_delete(struct cl_model *m, const struct cl_event *e)
{
	struct cl_name *n;

	while ((n = first_of_file(m, e)))
		forget(m, n);
}

bool cl_name_cares(const struct cl_model *m, const struct cl_ev_name *e)
{
	const struct cl_name *n = find_name(m, e->e.dev, e->dir_ino, e->dir_generation,
					    e->name_hash);

	return n && of_file(n, &e->e) && n->made_ns == e->e.ts_ns;
}

/* Its program may still be about to do it: it has the file open, or was here just now. */
static bool may_yet_be_synced(const struct cl_model *m, const struct cl_name *n)
{
	uint64_t ns = m->last_ns - m->patience_ns;

	if (n->closed_seq < n->fsync.begin_seq)
		return true;
	return m->patience_ns && (m->last_ns < m->patience_ns || n->made_ns > ns ||
				  n->closed_ns > ns || n->fsync.end_ns > ns);
}

void cl_name_end(struct cl_model *m)
{
	struct cl_list *pos, *tmp;

	cl_list_for_each_safe(pos, tmp, &m->synced_names) {
		struct cl_name *n = container_of(pos, struct cl_name, list);

		if (may_yet_be_synced(m, n))
			forget(m, n);
		else
			tell(m, n, CL_NAME_UNSYNCED);
	}
	cl_list_for_each_safe(pos, tmp, &m->new_names)
		forget(m, container_of(pos, struct cl_name, list));
	cl_hash_free(&m->names);
	cl_hash_free(&m->names_by_file);
	cl_hash_free(&m->dirs);
}
