// SPDX-License-Identifier: GPL-2.0
#include "preempt.h"

#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/mount.h>

#include "util.h"

/* debugfs, seen by nobody else: it need not be mounted where we are. */
static int open_debugfs(void)
{
	int fs __cleanup_fd = syscall(SYS_fsopen, "debugfs", FSOPEN_CLOEXEC);

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	return syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
}

static const char *read_models(char *buf, size_t size)
{
	int debugfs __cleanup_fd = open_debugfs(), fd __cleanup_fd = -1;
	ssize_t len;

	if (debugfs < 0)
		return NULL;
	fd = openat(debugfs, "sched/preempt", O_RDONLY | O_CLOEXEC);
	len = fd < 0 ? -1 : read(fd, buf, size - 1);
	if (len <= 0)
		return NULL;
	buf[len] = 0;
	return buf;
}

/*
 * The version names what was built in. With PREEMPT_DYNAMIC the model was chosen at boot:
 * "none voluntary full (lazy)" has it in brackets.
 */
bool cl_preempts(const char *version, const char *models)
{
	if (!strstr(version, "PREEMPT"))
		return false;
	if (!strstr(version, "PREEMPT_DYNAMIC") || !models)
		return true;
	return !strstr(models, "(none)") && !strstr(models, "(voluntary)");
}

bool cl_kernel_preempts(const char *version)
{
	char models[128];

	return cl_preempts(version, read_models(models, sizeof(models)));
}
