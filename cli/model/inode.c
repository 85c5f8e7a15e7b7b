// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "model/internal.h"

struct cl_dev *cl_dev_find(const struct cl_model *m, uint32_t dev)
{
	size_t i;

	for (i = 0; i < m->nr_devs; i++)
		if (m->dev[i]->dev == dev)
			return m->dev[i];
	return NULL;
}

int cl_dev_get(struct cl_model *m, uint32_t dev, struct cl_dev **d)
{
	*d = cl_dev_find(m, dev);
	if (*d)
		return 0;
	if (m->nr_devs == CL_DEVS_MAX) {
		m->doubts |= CL_DOUBT_LIMIT;
		return 0;
	}
	*d = calloc(1, sizeof(**d));
	if (!*d)
		return -ENOMEM;
	(*d)->dev = dev;
	cl_list_init(&(*d)->converted);
	m->dev[m->nr_devs++] = *d;
	return 0;
}

static uint64_t key_of(const struct cl_event *e)
{
	return cl_hash_mix(e->ino, (uint64_t)e->dev << 32 | e->generation);
}

static void inode_free(struct cl_model *m, struct cl_inode *inode)
{
	cl_use_free(m, inode);
	cl_hash_del(&m->inodes, &inode->by_key);
	free(inode->pending);
	free(inode->path);
	free(inode);
}

/* The newest goes to the end of the list; the oldest are let go. */
static void make_idle(struct cl_model *m, struct cl_inode *inode)
{
	cl_list_add_tail(&inode->idle, &m->idle);
	if (++m->nr_idle <= CL_IDLE_MAX)
		return;
	inode = container_of(m->idle.next, struct cl_inode, idle);
	cl_list_del(&inode->idle);
	m->nr_idle--;
	inode_free(m, inode);
}

struct cl_inode *cl_inode_find(const struct cl_model *m, const struct cl_event *e)
{
	struct cl_hash_node *n = cl_hash_find(&m->inodes, key_of(e));
	struct cl_inode *i;

	for (; n; n = cl_hash_next(n)) {
		i = container_of(n, struct cl_inode, by_key);
		if (i->ino == e->ino && i->dev->dev == e->dev && i->generation == e->generation)
			return i;
	}
	return NULL;
}

int cl_inode_get(struct cl_model *m, const struct cl_event *e, struct cl_inode **inode)
{
	struct cl_inode *i;
	struct cl_dev *dev;
	int err;

	*inode = cl_inode_find(m, e);
	if (*inode)
		return 0;
	err = cl_dev_get(m, e->dev, &dev);
	if (err || !dev)
		return err;
	i = calloc(1, sizeof(*i));
	if (!i)
		return -ENOMEM;
	i->dev = dev;
	i->ino = e->ino;
	i->generation = e->generation;
	cl_list_init(&i->converted);
	cl_list_init(&i->failed);
	cl_list_init(&i->late);
	err = cl_hash_add(&m->inodes, &i->by_key, key_of(e));
	if (err) {
		free(i);
		return err;
	}
	make_idle(m, i);
	*inode = i;
	return 0;
}

void cl_inode_use(struct cl_model *m, struct cl_inode *inode)
{
	if (inode->nr_users++)
		return;
	cl_list_del(&inode->idle);
	m->nr_idle--;
}

void cl_inode_unuse(struct cl_model *m, struct cl_inode *inode)
{
	if (!--inode->nr_users)
		make_idle(m, inode);
}

void cl_inode_free_all(struct cl_model *m)
{
	struct cl_hash_node *n;

	while ((n = cl_hash_any(&m->inodes)))
		inode_free(m, container_of(n, struct cl_inode, by_key));
	cl_hash_free(&m->inodes);
	while (m->nr_devs)
		free(m->dev[--m->nr_devs]);
}

int cl_inode_path(struct cl_model *m, const struct cl_ev_path *p)
{
	struct cl_inode *inode;
	char *path;
	int err;

	err = cl_inode_get(m, &p->e, &inode);
	if (err || !inode)
		return err;
	path = strndup(p->path, p->len_bytes);
	if (!path)
		return -ENOMEM;
	free(inode->path);
	inode->path = path;
	inode->path_flags = p->e.flags;
	return 0;
}

size_t cl_pending_first(const struct cl_inode *inode, int64_t start)
{
	size_t low = 0, high = inode->nr_pending, mid;

	/* Whatever begins a longest write before start, or earlier, ends before it. */
	start -= inode->longest;
	while (low < high) {
		mid = (low + high) / 2;
		if (inode->pending[mid]->range.start <= start)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int cl_pending_add(struct cl_inode *inode, struct cl_write *w)
{
	int64_t length = w->range.end - w->range.start;
	size_t max = inode->max_pending ? inode->max_pending * 2 : 16, low = 0, high, mid;
	struct cl_write **p;

	if (inode->nr_pending == inode->max_pending) {
		p = realloc(inode->pending, max * sizeof(*p));
		if (!p)
			return -ENOMEM;
		inode->pending = p;
		inode->max_pending = max;
	}
	for (high = inode->nr_pending; low < high;) {
		mid = (low + high) / 2;
		if (inode->pending[mid]->range.start <= w->range.start)
			low = mid + 1;
		else
			high = mid;
	}
	p = inode->pending + low;
	memmove(p + 1, p, (inode->nr_pending - low) * sizeof(*p));
	*p = w;
	if (!inode->nr_pending++ || length > inode->longest)
		inode->longest = length;
	return 0;
}
