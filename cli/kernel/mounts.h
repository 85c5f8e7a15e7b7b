/* SPDX-License-Identifier: GPL-2.0 */
/* The mount table: which ext4 are mounted where, and how a file is called from here. */
#ifndef CONVLIST_MOUNTS_H
#define CONVLIST_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cl_mount {
	uint32_t dev;	/* the kernel's dev_t */
	char *root;	/* what of the file system is mounted: "/", or a folder of a bind mount */
	char *point;
	char *type;
	char *source;
};

struct cl_mounts {
	size_t nr;
	struct cl_mount *mount;
};

/* 0 or a negative errno. */
int cl_mounts_read(struct cl_mounts *mounts);
void cl_mounts_free(struct cl_mounts *mounts);

/* The one to go by: mounted as a whole where that is so. NULL: not mounted here. */
const struct cl_mount *cl_mounts_find(const struct cl_mounts *mounts, uint32_t dev);

/*
 * The full path of what is called inner ("/a/b") within the file system on dev.
 * False, with inner in buf, where no mount shows it. Reads the mount table anew.
 */
bool cl_full_path(uint32_t dev, const char *inner, char *buf, size_t size);

#endif
