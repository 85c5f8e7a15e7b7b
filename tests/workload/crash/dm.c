// SPDX-License-Identifier: GPL-2.0
/* What is needed of the device mapper, by its ioctls. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "crash.h"

struct request {
	struct dm_ioctl head;
	union {
		struct dm_target_spec spec;
		struct dm_target_msg message;
		char bytes[512];
	};
};

static void prepare(struct request *request, const char *name)
{
	memset(request, 0, sizeof(*request));
	request->head.version[0] = DM_VERSION_MAJOR;
	request->head.data_size = sizeof(*request);
	request->head.data_start = offsetof(struct request, bytes);
	snprintf(request->head.name, sizeof(request->head.name), "%s", name);
}

static int call(int dm, unsigned long code, struct request *request)
{
	return ioctl(dm, code, request) ? -errno : 0;
}

int dm_open(void)
{
	int dm = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);

	return dm < 0 ? -errno : dm;
}

int dm_message(int dm, const char *name, const char *message)
{
	struct request request;
	size_t room = sizeof(request.bytes) - sizeof(request.message);

	if (strlen(message) >= room)
		return -E2BIG;
	prepare(&request, name);
	request.message.sector = 0;
	strcpy(request.message.message, message);
	return call(dm, DM_TARGET_MSG, &request);
}

int dm_remove(int dm, const char *name)
{
	struct request request;

	prepare(&request, name);
	return call(dm, DM_DEV_REMOVE, &request);
}

int dm_device_sectors(const char *path, uint64_t *sectors)
{
	uint64_t bytes;
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (ioctl(fd, BLKGETSIZE64, &bytes))
		ret = -errno;
	else
		*sectors = bytes / 512;
	close(fd);
	return ret;
}

static int load_snapshot(int dm, const char *name, uint64_t sectors, const char *origin,
			 const char *cow)
{
	struct request request;
	char *parameters = request.bytes + sizeof(request.spec);
	int length, room = sizeof(request.bytes) - sizeof(request.spec);

	prepare(&request, name);
	request.head.target_count = 1;
	request.spec.length = sectors;
	strcpy(request.spec.target_type, "snapshot");
	/* N: nothing of it outlives the mapping. Chunks of 64 sectors. */
	length = snprintf(parameters, room, "%s %s N 64", origin, cow);
	if (length >= room)
		return -ENAMETOOLONG;
	return call(dm, DM_TABLE_LOAD, &request);
}

int dm_create_snapshot(int dm, const char *name, const char *origin, const char *cow, char *path,
		       size_t size)
{
	struct request request;
	uint64_t sectors;
	int ret;

	ret = dm_device_sectors(origin, &sectors);
	if (ret)
		return ret;
	prepare(&request, name);
	ret = call(dm, DM_DEV_CREATE, &request);
	if (ret)
		return ret;
	snprintf(path, size, "/dev/dm-%u", minor(request.head.dev));
	ret = load_snapshot(dm, name, sectors, origin, cow);
	if (!ret) {
		/* Without the flag, this resumes: the table that was loaded is live. */
		prepare(&request, name);
		ret = call(dm, DM_DEV_SUSPEND, &request);
	}
	if (ret)
		dm_remove(dm, name);
	return ret;
}
