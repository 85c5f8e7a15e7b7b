/* SPDX-License-Identifier: GPL-2.0 */
/* The options that say which facts are wanted, the same for every subcommand. */
#ifndef CONVLIST_FILTER_OPTS_H
#define CONVLIST_FILTER_OPTS_H

#include "event.h"
#include "opt.h"

struct cl_filter_options {
	uint32_t dev, pid;
	uint64_t ino;
	const char *comm, *path;
};

#define CL_OPT_FILTER_ROWS(type, member)                                                     \
	{ "device", 'd', CL_OPT_DEV, offsetof(type, member.dev), "DEV",                      \
	  "only this block device: 8:1, sda1 or /dev/sda1" },                                \
	{ "inode", 'i', CL_OPT_U64, offsetof(type, member.ino), "INO",                       \
	  "only this inode number" },                                                        \
	{ "pid", 'p', CL_OPT_U32, offsetof(type, member.pid), "PID",                         \
	  "only writes and fsyncs of this process" },                                        \
	{ "comm", 'c', CL_OPT_STRING, offsetof(type, member.comm), "COMM",                   \
	  "only writes and fsyncs of processes with this name" },                            \
	{ "file", 'f', CL_OPT_PATH, offsetof(type, member.path), "PATH",                     \
	  "only this file, which must be on ext4" }

/* 0, or a negative errno after a message. */
int cl_filter_config(const struct cl_filter_options *opt, struct cl_config *cfg);

struct cl_origin;

/*
 * The same into an origin that is filled in but for its filter: a path is that
 * of a file here, or, when a recording is read, one that the recording knows.
 */
int cl_filter_origin(const struct cl_filter_options *opt, struct cl_origin *from);

#endif
