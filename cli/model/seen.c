// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "model/internal.h"

int cl_seen_add(struct cl_seen *s, uint64_t id, uint64_t ts_ns)
{
	struct cl_seen_id *slot;

	if (!s->ring) {
		s->ring = calloc(CL_SEEN_MAX, sizeof(*s->ring));
		if (!s->ring)
			return -ENOMEM;
	}
	slot = &s->ring[s->next];
	if (s->nr == CL_SEEN_MAX)
		cl_hash_del(&s->ids, &slot->by_id);
	else
		s->nr++;
	s->next = (s->next + 1) % CL_SEEN_MAX;
	slot->ts_ns = ts_ns;
	return cl_hash_add(&s->ids, &slot->by_id, id);
}

bool cl_seen_find(const struct cl_seen *s, uint64_t id, uint64_t ts_ns, bool *same)
{
	struct cl_hash_node *n = cl_hash_find(&s->ids, id);

	if (!n)
		return false;
	*same = container_of(n, struct cl_seen_id, by_id)->ts_ns == ts_ns;
	return true;
}

void cl_seen_free(struct cl_seen *s)
{
	cl_hash_free(&s->ids);
	free(s->ring);
	memset(s, 0, sizeof(*s));
}
