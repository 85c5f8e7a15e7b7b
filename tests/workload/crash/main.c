// SPDX-License-Identifier: GPL-2.0
/* The subcommands; exit status 0 fine, 1 a promise was broken, 2 usage, 3 error. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crash.h"

static const char usage[] =
	"usage: crash fill DEVICE\n"
	"       crash write [OPTION...] DIR NOTES\n"
	"       crash replay [OPTION...] LOG DEVICE COW NOTES DIR\n"
	"       crash check DIR NOTES\n"
	"\n"
	"fill    a pattern all over a device: the old data that no file may show\n"
	"write   several threads write files in DIR and note what each sync promised;\n"
	"        NOTES must not be on the same file system\n"
	"  --log NAME       put a mark into the log of this dm-log-writes device each time\n"
	"  --marks N        end after so many (1000)\n"
	"  --block BYTES    as large as a block of the file system (4096)\n"
	"  --files N --file-size BYTES --seed N\n"
	"  --workers LIST   libaio, io_uring, pwrite, buffered; one thread each\n"
	"  --keep           blocks are written only: no punches, no zeros, no unlink\n"
	"  --one-sync       no two syncs at once\n"
	"  --quiet          nothing is under way when a sync begins\n"
	"replay  the log on a device that holds what the logged one held at first; at many\n"
	"        points, mount a snapshot (COW holds it) on DIR, compare with the notes, e2fsck\n"
	"  --marks N        at most so many marks (all)\n"
	"  --between N      and at so many points between them (0)\n"
	"  --part I/N       only the I-th part of the points\n"
	"  --options LIST   for mount\n"
	"  --repair         e2fsck -fy before the mount, as without a journal\n"
	"  --seed N\n"
	"check   compares the files in DIR with all of the notes\n";

static int cmd_fill(int argc, char **argv)
{
	static char buffer[1 << 20];
	ssize_t n;
	int fd;

	if (argc != 2)
		return -EINVAL;
	fd = open(argv[1], O_WRONLY);
	if (fd < 0) {
		perror(argv[1]);
		return -EIO;
	}
	fill_old(buffer, sizeof(buffer));
	while ((n = write(fd, buffer, sizeof(buffer))) > 0)
		;
	/* The end of the device. */
	n = n < 0 && errno != ENOSPC ? -EIO : 0;
	if (fsync(fd))
		n = -EIO;
	close(fd);
	return n;
}

static int cmd_check(int argc, char **argv)
{
	struct findings findings = { 0 };
	struct state state;
	int ret;

	if (argc != 3)
		return -EINVAL;
	ret = state_load(&state, argv[2]);
	if (!ret)
		ret = state_advance(&state, state.nr_marks, true);
	if (!ret)
		ret = check_directory(&state, argv[1], "after the crash", &findings);
	if (ret)
		fprintf(stderr, "crash: check: %s\n", strerror(-ret));
	else
		printf("marks %u ", state.nr_marks), findings_print(&findings);
	state_free(&state);
	return ret ? -EIO : findings_bad(&findings);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {
		{ "fill", cmd_fill },
		{ "write", cmd_write },
		{ "replay", cmd_replay },
		{ "check", cmd_check },
	};
	int ret = -EINVAL;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			ret = commands[i].run(argc - 1, argv + 1);
	if (ret == -EINVAL)
		fputs(usage, stderr);
	return ret == -EINVAL ? 2 : ret < 0 ? 3 : ret;
}
