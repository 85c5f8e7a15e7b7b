// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "filter_opts.h"
#include "log.h"
#include "session.h"
#include "util.h"

static int resolve_path(const char *path, struct cl_config *cfg)
{
	struct statfs fs;
	struct stat st;
	uint32_t dev;

	if (stat(path, &st) || statfs(path, &fs)) {
		int err = -errno;

		cl_err("%s: %s", path, strerror(errno));
		return err;
	}
	/* ext2 and ext3 share the number, and are served by ext4. */
	if (fs.f_type != EXT4_SUPER_MAGIC) {
		cl_err("%s is not on ext4 (of an overlay, name the file in its upper layer)", path);
		return -EINVAL;
	}
	dev = cl_mkdev(major(st.st_dev), minor(st.st_dev));
	if ((cfg->dev && cfg->dev != dev) || (cfg->ino && cfg->ino != st.st_ino)) {
		cl_err("%s is not what the other options name: it is inode %ju on device %u:%u",
		       path, (uintmax_t)st.st_ino, major(st.st_dev), minor(st.st_dev));
		return -EINVAL;
	}
	cfg->dev = dev;
	cfg->ino = st.st_ino;
	return 0;
}

int cl_filter_config(const struct cl_filter_options *opt, struct cl_config *cfg)
{
	size_t len;

	cfg->dev = opt->dev;
	cfg->ino = opt->ino;
	cfg->tgid = opt->pid;
	if (opt->comm && *opt->comm) {
		/* As the kernel has it: cut to 15, and the NUL is compared, too. */
		len = strnlen(opt->comm, CL_COMM_LEN - 1);
		memcpy(cfg->comm, opt->comm, len);
		cfg->comm[len] = '\0';
		cfg->comm_len = len + 1;
	}
	return opt->path ? resolve_path(opt->path, cfg) : 0;
}

int cl_filter_origin(const struct cl_filter_options *opt, struct cl_origin *from)
{
	struct cl_filter_options numbers = *opt;

	if (from->recording) {
		numbers.path = NULL;
		from->path = opt->path;
	}
	return cl_filter_config(&numbers, &from->live.filter);
}
