/* SPDX-License-Identifier: GPL-2.0 */
/* A hash table of nodes that live in their owners; it grows as it fills. */
#ifndef CONVLIST_HASH_H
#define CONVLIST_HASH_H

#include <stddef.h>
#include <stdint.h>

struct cl_hash_node {
	struct cl_hash_node *next;
	uint64_t key;
};

struct cl_hash {
	struct cl_hash_node **bucket;
	size_t nr, size;	/* size: a power of two, or 0 */
	size_t first;		/* where cl_hash_any() looks first */
};

/* 0 or -ENOMEM. Keys need not be unique. */
int cl_hash_add(struct cl_hash *h, struct cl_hash_node *n, uint64_t key);
void cl_hash_del(struct cl_hash *h, struct cl_hash_node *n);
struct cl_hash_node *cl_hash_find(const struct cl_hash *h, uint64_t key);
/* The next one with the same key. */
struct cl_hash_node *cl_hash_next(const struct cl_hash_node *n);
/* Any node, NULL when there is none: for taking a table apart. */
struct cl_hash_node *cl_hash_any(struct cl_hash *h);
/* The table only; the nodes are their owners'. */
void cl_hash_free(struct cl_hash *h);

uint64_t cl_hash_mix(uint64_t a, uint64_t b);

#endif
