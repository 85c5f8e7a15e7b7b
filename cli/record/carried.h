/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is older than a flight recorder's stretch and still matters: the records
 * of writes that are not durable yet or not seen complete, what was converted of
 * them, the fsyncs that run, and the paths of inodes.
 */
#ifndef CONVLIST_RECORD_CARRIED_H
#define CONVLIST_RECORD_CARRIED_H

#include <stdbool.h>
#include <stddef.h>

#include "model/model.h"
#include "record/events.h"

struct carried_write {
	uint64_t ino;
	uint32_t dev, generation;
	struct cl_range range;
};

/* Begins as zeros. */
struct cl_carried {
	unsigned char *data;	/* records, each behind its length, padded to 8 */
	size_t bytes, size;
	uint64_t records;
	bool incomplete;	/* something that matters is not here */
	struct carried_write *write;	/* those in data, sorted by inode */
	size_t nr_writes, max_writes;
};

/*
 * Takes in a frame's records that still matter, in stream order; what does not
 * any more goes. last_ns: what a frame's age is when it comes here. v is read
 * through. 0 or -ENOMEM.
 */
int cl_carried_take(struct cl_carried *c, const struct cl_model *m, struct cl_events *v,
		    uint64_t last_ns);
void cl_carried_clear(struct cl_carried *c);
void cl_carried_free(struct cl_carried *c);

/* Goes through the records: *at begins as 0. False: there are no more. */
bool cl_carried_next(const struct cl_carried *c, size_t *at, const void **record, size_t *len);

#endif
