// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event.h"
#include "record/events.h"

struct group {
	__u16 kind;
	__u32 size_bytes, nr, next;
	unsigned char *to;
};

struct cl_gather {
	unsigned char *data;	/* records as they came, one after the other */
	size_t bytes;
	unsigned char *order;
	__u32 nr_entries;
	unsigned int nr_groups;
	struct group group[CL_GROUPS_MAX];
	unsigned char *packed;	/* what take() hands out */
};

#define DATA_MAX (CL_FRAME_RAW_FULL + CL_RECORD_MAX)
#define PACKED_MAX \
	(sizeof(struct cl_events_header) + CL_GROUPS_MAX * sizeof(struct cl_events_group) + \
	 CL_FRAME_ENTRIES_FULL + DATA_MAX)
_Static_assert(PACKED_MAX <= CL_FRAME_RAW_MAX, "what is written must be readable");

struct cl_gather *cl_gather_new(void)
{
	struct cl_gather *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->data = malloc(DATA_MAX);
	g->order = malloc(CL_FRAME_ENTRIES_FULL);
	g->packed = malloc(PACKED_MAX);
	if (g->data && g->order && g->packed)
		return g;
	cl_gather_free(g);
	return NULL;
}

void cl_gather_free(struct cl_gather *g)
{
	if (!g)
		return;
	free(g->data);
	free(g->order);
	free(g->packed);
	free(g);
}

size_t cl_gather_entries(const struct cl_gather *g)
{
	return g->nr_entries;
}

/* Malformed ones included: what they call their kind is as good as any. */
static __u16 kind_of(const void *record, size_t len)
{
	__u16 kind = 0;

	if (len >= offsetof(struct cl_event, kind) + sizeof(kind))
		memcpy(&kind, (const char *)record + offsetof(struct cl_event, kind), sizeof(kind));
	return kind;
}

/* Index, or -ENOSPC. The latest first: paths have a group each, and come once. */
static int find_group(struct cl_gather *g, __u16 kind, size_t len)
{
	unsigned int i;

	for (i = 0; i < g->nr_groups; i++)
		if (g->group[i].kind == kind && g->group[i].size_bytes == len)
			return i;
	if (i == CL_GROUPS_MAX)
		return -ENOSPC;
	g->group[i] = (struct group){ .kind = kind, .size_bytes = len };
	g->nr_groups++;
	return i;
}

int cl_gather_record(struct cl_gather *g, const void *record, size_t len)
{
	int group;

	if (!len || len > CL_RECORD_MAX)
		return -EMSGSIZE;
	if (g->bytes >= CL_FRAME_RAW_FULL || g->nr_entries == CL_FRAME_ENTRIES_FULL)
		return -ENOSPC;
	group = find_group(g, kind_of(record, len), len);
	if (group < 0)
		return group;
	memcpy(g->data + g->bytes, record, len);
	g->bytes += len;
	g->group[group].nr++;
	g->order[g->nr_entries++] = group + 1;
	return 0;
}

int cl_gather_mark(struct cl_gather *g)
{
	if (g->nr_entries == CL_FRAME_ENTRIES_FULL)
		return -ENOSPC;
	g->order[g->nr_entries++] = 0;
	return 0;
}

const void *cl_gather_take(struct cl_gather *g, size_t *bytes)
{
	struct cl_events_header h = { .nr_entries = g->nr_entries, .nr_groups = g->nr_groups };
	const unsigned char *from = g->data;
	unsigned char *to = g->packed;
	struct group *group;
	__u32 i, k;

	to = mempcpy(to, &h, sizeof(h));
	for (i = 0; i < g->nr_groups; i++) {
		struct cl_events_group e = { g->group[i].size_bytes, g->group[i].nr };

		to = mempcpy(to, &e, sizeof(e));
	}
	to = mempcpy(to, g->order, g->nr_entries);
	for (i = 0; i < g->nr_groups; i++) {
		g->group[i].to = to;
		to += (size_t)g->group[i].size_bytes * g->group[i].nr;
	}
	for (i = 0; i < g->nr_entries; i++) {
		if (!g->order[i])
			continue;
		group = &g->group[g->order[i] - 1];
		for (k = 0; k < group->size_bytes; k++)
			group->to[(size_t)k * group->nr + group->next] = *from++;
		group->next++;
	}
	*bytes = to - g->packed;
	g->bytes = 0;
	g->nr_entries = 0;
	g->nr_groups = 0;
	return g->packed;
}

/* Sizes and counts against each other and against what is there. */
static const char *check_groups(struct cl_events *v, const unsigned char *table, size_t left)
{
	__u32 count[CL_GROUPS_MAX + 1] = {};
	struct cl_events_group g;
	size_t offset = 0, bytes;
	unsigned int i;
	__u32 n;

	for (n = 0; n < v->nr_entries; n++)
		count[v->order[n]]++;
	for (i = 0; i < v->nr_groups; i++) {
		memcpy(&g, table + i * sizeof(g), sizeof(g));
		if (!g.size_bytes || g.size_bytes > CL_RECORD_MAX)
			return "a record's size is impossible";
		if (g.nr != count[i + 1])
			return "a frame's order does not fit its records";
		bytes = (size_t)g.size_bytes * g.nr;
		if (bytes > left)
			return "a frame's records are more than it holds";
		left -= bytes;
		v->group[i].size_bytes = g.size_bytes;
		v->group[i].stride_bytes = (g.size_bytes + 7) & ~7U;
		v->group[i].nr = g.nr;
		v->group[i].next = 0;
		v->group[i].offset = offset;
		offset += (size_t)v->group[i].stride_bytes * g.nr;
	}
	v->need = offset;
	for (i = v->nr_groups + 1; i <= CL_GROUPS_MAX; i++)
		if (count[i])
			return "a frame's order does not fit its records";
	return left ? "a frame holds more than its records" : NULL;
}

static void transpose_back(struct cl_events *v, const unsigned char *from)
{
	unsigned int i;
	__u32 n, k;

	for (i = 0; i < v->nr_groups; i++) {
		const __u32 nr = v->group[i].nr, stride = v->group[i].stride_bytes;
		unsigned char *to = v->data + v->group[i].offset;

		/* A few records at a time, so that their bytes stay in the cache. */
		for (n = 0; n < nr; n += 64) {
			const __u32 end = n + 64 < nr ? n + 64 : nr;
			__u32 r;

			for (k = 0; k < v->group[i].size_bytes; k++)
				for (r = n; r < end; r++)
					to[(size_t)r * stride + k] = from[(size_t)k * nr + r];
		}
		from += (size_t)v->group[i].size_bytes * nr;
	}
}

const char *cl_events_open(struct cl_events *v, const void *raw, size_t bytes)
{
	const unsigned char *p = raw, *table;
	struct cl_events_header h;
	const char *wrong;
	void *data;

	v->nr_entries = v->next = 0;
	if (bytes < sizeof(h))
		return "a frame of records is too short";
	memcpy(&h, p, sizeof(h));
	p += sizeof(h);
	bytes -= sizeof(h);
	if (h.nr_groups > CL_GROUPS_MAX || h.nr_groups * sizeof(struct cl_events_group) > bytes)
		return "a frame has too many kinds of records";
	table = p;
	p += h.nr_groups * sizeof(struct cl_events_group);
	bytes -= h.nr_groups * sizeof(struct cl_events_group);
	if (h.nr_entries > bytes)
		return "a frame's records are more than it holds";
	v->order = p;
	v->nr_entries = h.nr_entries;
	v->nr_groups = h.nr_groups;
	wrong = check_groups(v, table, bytes - h.nr_entries);
	/* At most eight times the frame: records of one byte take eight. */
	if (!wrong && v->need > v->size) {
		data = realloc(v->data, v->need);
		if (data) {
			v->data = data;
			v->size = v->need;
		} else {
			wrong = "out of memory";
		}
	}
	if (wrong) {
		v->nr_entries = 0;
		return wrong;
	}
	transpose_back(v, p + h.nr_entries);
	return NULL;
}

void cl_events_free(struct cl_events *v)
{
	free(v->data);
	memset(v, 0, sizeof(*v));
}

enum cl_entry cl_events_next(struct cl_events *v, const void **record, size_t *len)
{
	unsigned int g;

	if (v->next == v->nr_entries)
		return CL_ENTRY_NONE;
	g = v->order[v->next++];
	if (!g--)
		return CL_ENTRY_MARK;
	*record = v->data + v->group[g].offset +
		  (size_t)v->group[g].stride_bytes * v->group[g].next++;
	*len = v->group[g].size_bytes;
	return CL_ENTRY_RECORD;
}

void cl_events_rewind(struct cl_events *v)
{
	unsigned int i;

	v->next = 0;
	for (i = 0; i < v->nr_groups; i++)
		v->group[i].next = 0;
}
