/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which facts are wanted: pure predicates over struct cl_config, compiled for
 * the kernel side and for user space (recordings are filtered by the same code).
 */
#ifndef CONVLIST_FILTER_H
#define CONVLIST_FILTER_H

#include <stdbool.h>
#ifndef __bpf__
#include <linux/types.h>
#endif

#include "event.h"

/* Paths are always wanted: they name what the other facts are about. */
static inline bool cl_filter_kind(const volatile struct cl_config *cfg, __u32 kind)
{
	return !cfg->kinds || kind == CL_EV_PATH || (cfg->kinds & (1U << kind));
}

static inline bool cl_filter_dev(const volatile struct cl_config *cfg, __u32 dev)
{
	return !cfg->dev || cfg->dev == dev;
}

static inline bool cl_filter_inode(const volatile struct cl_config *cfg, __u32 dev, __u64 ino)
{
	return cl_filter_dev(cfg, dev) && (!cfg->ino || cfg->ino == ino);
}

/* True: whether a write is wanted hangs on who submitted it. */
static inline bool cl_filter_by_task(const volatile struct cl_config *cfg)
{
	return cfg->tgid || cfg->comm_len;
}

/* @comm: CL_COMM_LEN bytes. */
static inline bool cl_filter_task(const volatile struct cl_config *cfg, __u32 tgid,
				  const char *comm)
{
	if (cfg->tgid && cfg->tgid != tgid)
		return false;
	for (__u32 i = 0; i < CL_COMM_LEN; i++) {
		if (i >= cfg->comm_len)
			break;
		if (cfg->comm[i] != comm[i])
			return false;
	}
	return true;
}

#endif
