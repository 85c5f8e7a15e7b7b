// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "model/hash.h"

#define LEAST_SIZE 64

uint64_t cl_hash_mix(uint64_t a, uint64_t b)
{
	/* The finalizer of splitmix64: ids that count up spread over the buckets. */
	a ^= b + 0x9e3779b97f4a7c15 + (a << 6) + (a >> 2);
	a = (a ^ a >> 30) * 0xbf58476d1ce4e5b9;
	a = (a ^ a >> 27) * 0x94d049bb133111eb;
	return a ^ a >> 31;
}

static struct cl_hash_node **bucket_of(const struct cl_hash *h, uint64_t key)
{
	return &h->bucket[cl_hash_mix(key, 0) & (h->size - 1)];
}

static int grow(struct cl_hash *h)
{
	struct cl_hash bigger = { .size = h->size ? h->size * 2 : LEAST_SIZE, .nr = h->nr };
	struct cl_hash_node *n, *next, **b;
	size_t i;

	bigger.bucket = calloc(bigger.size, sizeof(*bigger.bucket));
	if (!bigger.bucket)
		return h->size ? 0 : -ENOMEM;	/* longer chains will do */
	for (i = 0; i < h->size; i++) {
		for (n = h->bucket[i]; n; n = next) {
			next = n->next;
			b = bucket_of(&bigger, n->key);
			n->next = *b;
			*b = n;
		}
	}
	free(h->bucket);
	*h = bigger;
	return 0;
}

int cl_hash_add(struct cl_hash *h, struct cl_hash_node *n, uint64_t key)
{
	struct cl_hash_node **b;
	int err;

	if (h->nr >= h->size) {
		err = grow(h);
		if (err)
			return err;
	}
	n->key = key;
	b = bucket_of(h, key);
	n->next = *b;
	*b = n;
	h->nr++;
	return 0;
}

void cl_hash_del(struct cl_hash *h, struct cl_hash_node *n)
{
	struct cl_hash_node **p = bucket_of(h, n->key);

	while (*p != n)
		p = &(*p)->next;
	*p = n->next;
	h->nr--;
}

static struct cl_hash_node *same_key(struct cl_hash_node *n, uint64_t key)
{
	while (n && n->key != key)
		n = n->next;
	return n;
}

struct cl_hash_node *cl_hash_find(const struct cl_hash *h, uint64_t key)
{
	return h->size ? same_key(*bucket_of(h, key), key) : NULL;
}

struct cl_hash_node *cl_hash_next(const struct cl_hash_node *n)
{
	return same_key(n->next, n->key);
}

struct cl_hash_node *cl_hash_any(struct cl_hash *h)
{
	for (; h->nr; h->first = (h->first + 1) & (h->size - 1))
		if (h->bucket[h->first])
			return h->bucket[h->first];
	return NULL;
}

void cl_hash_free(struct cl_hash *h)
{
	free(h->bucket);
	memset(h, 0, sizeof(*h));
}
