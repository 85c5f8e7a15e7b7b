// SPDX-License-Identifier: GPL-2.0
/*
 * Replays a log to one point after the other. At each, the file system is mounted
 * on a throw-away snapshot, so that recovery does not disturb what comes next.
 *
 * At a mark, all is there that the log has up to it. Between marks, what was
 * written since the last flush of the device may be there or not, so for half of
 * these points a random half of it is left out: only flushes make order.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crash.h"

extern char **environ;

struct stop {
	size_t end;    /* entries of the log */
	uint32_t mark; /* the last one before it */
	bool between;
	bool drop; /* some of what was not flushed */
};

enum phase { REPLAY, SNAPSHOT, MOUNT, CHECK, UMOUNT, FSCK, PHASES };

struct replay {
	struct log log;
	struct state state;
	struct findings findings;
	const char *device, *cow, *dir, *options;
	char name[64], snapshot[64], where[64];
	int device_fd, dm;
	bool repair;
	uint64_t random;
	struct stop *stops;
	size_t nr_stops, done; /* done: entries that the device has */
	uint64_t at_marks, between, unmountable, fsck_errors;
	double took[PHASES];
};

static uint32_t draw(struct replay *replay, uint32_t n)
{
	replay->random = replay->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (replay->random >> 33) % n;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void lap(struct replay *replay, enum phase phase, double *since)
{
	double at = now();

	replay->took[phase] += at - *since;
	*since = at;
}

/* ---- where to stop ---- */

static int compare_stops(const void *left, const void *right)
{
	const struct stop *a = left, *b = right;

	if (a->end != b->end)
		return a->end < b->end ? -1 : 1;
	return (int)a->between - (int)b->between;
}

/* Marks evenly spread, points between them at random; only the given part. */
static int choose_stops(struct replay *replay, size_t marks, size_t between, unsigned int part,
			unsigned int parts)
{
	size_t nr_marks = 0, seen = 0, first;
	uint32_t *marks_before = calloc(replay->log.nr + 1, sizeof(*marks_before));

	for (size_t i = 0; i < replay->log.nr; i++)
		nr_marks += !!replay->log.entries[i].mark;
	if (marks > nr_marks)
		marks = nr_marks;
	replay->stops = calloc(marks + between, sizeof(*replay->stops));
	if (!replay->stops || !marks_before)
		return -ENOMEM;
	for (size_t i = 0; i < replay->log.nr; i++) {
		uint32_t mark = replay->log.entries[i].mark;

		marks_before[i + 1] = mark ? mark : marks_before[i];
		if (!mark)
			continue;
		seen++;
		if (seen * marks / nr_marks > (seen - 1) * marks / nr_marks)
			replay->stops[replay->nr_stops++] =
				(struct stop){ i + 1, mark, false, false };
	}
	for (size_t i = 0; i < between; i++) {
		size_t end = draw(replay, replay->log.nr + 1);

		replay->stops[replay->nr_stops++] =
			(struct stop){ end, marks_before[end], true, draw(replay, 2) };
	}
	free(marks_before);
	qsort(replay->stops, replay->nr_stops, sizeof(*replay->stops), compare_stops);
	first = replay->nr_stops * part / parts;
	replay->nr_stops = replay->nr_stops * (part + 1) / parts - first;
	memmove(replay->stops, replay->stops + first, replay->nr_stops * sizeof(*replay->stops));
	return 0;
}

/* ---- one stop ---- */

/* The device gets what was flushed before that entry for good. */
static int replay_flushed(struct replay *replay, size_t end)
{
	size_t base = end;
	int ret = 0;

	while (base > replay->done && !((replay->log.entries[base - 1].flags & LOG_FLUSH) &&
					!replay->log.entries[base - 1].sectors))
		base--;
	for (; !ret && replay->done < base; replay->done++)
		ret = log_apply(&replay->log, &replay->log.entries[replay->done],
				replay->device_fd);
	return ret;
}

/* The snapshot gets what is not flushed, or some of it. */
static int replay_rest(struct replay *replay, const struct stop *stop)
{
	int fd = -1, ret = 0;

	for (size_t i = replay->done; !ret && i < stop->end; i++) {
		const struct log_entry *entry = &replay->log.entries[i];

		if (stop->drop && !(entry->flags & LOG_FUA) && draw(replay, 2))
			continue;
		if (fd < 0)
			fd = open(replay->snapshot, O_WRONLY | O_DIRECT | O_CLOEXEC);
		if (fd < 0)
			return -errno;
		ret = log_apply(&replay->log, entry, fd);
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

/* What e2fsck says is shown if its status is above the highest that is fine. */
static int run_fsck(struct replay *replay, const char *flags, int fine, bool *found)
{
	char *argv[] = { "e2fsck", (char *)flags, replay->snapshot, NULL };
	posix_spawn_file_actions_t actions;
	char said[1024];
	int status, ret, fd = memfd_create("e2fsck", 0);
	ssize_t n;
	pid_t pid;

	if (fd < 0)
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, fd, 1);
	posix_spawn_file_actions_adddup2(&actions, fd, 2);
	ret = -posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	if (!ret && waitpid(pid, &status, 0) < 0)
		ret = -errno;
	posix_spawn_file_actions_destroy(&actions);
	if (!ret && (!WIFEXITED(status) || WEXITSTATUS(status) > fine)) {
		*found = true;
		n = pread(fd, said, sizeof(said) - 1, 0);
		said[n > 0 ? n : 0] = 0;
		if (replay->fsck_errors++ < 5)
			printf("%s: e2fsck %s: status %d:\n%s\n", replay->where, flags,
			       WEXITSTATUS(status), said);
	}
	close(fd);
	return ret;
}

static int check_snapshot(struct replay *replay, double *since)
{
	bool found = false;
	int ret = 0;

	/* Without a journal a repair is what comes before a mount. */
	if (replay->repair)
		ret = run_fsck(replay, "-fy", 1, &found);
	if (ret)
		return ret;
	if (mount(replay->snapshot, replay->dir, "ext4", MS_NOATIME, replay->options)) {
		if (replay->unmountable++ < 5)
			printf("%s: mount: %s\n", replay->where, strerror(errno));
		return 0;
	}
	lap(replay, MOUNT, since);
	ret = check_directory(&replay->state, replay->dir, replay->where, &replay->findings);
	lap(replay, CHECK, since);
	if (umount(replay->dir) && !ret)
		ret = -errno;
	lap(replay, UMOUNT, since);
	if (!ret)
		ret = run_fsck(replay, "-fn", 0, &found);
	lap(replay, FSCK, since);
	return ret;
}

static int do_stop(struct replay *replay, const struct stop *stop)
{
	double since = now();
	int ret;

	snprintf(replay->where, sizeof(replay->where), "entry %zu, %s mark %" PRIu32 "%s",
		 stop->end, stop->between ? "after" : "at", stop->mark,
		 stop->drop ? ", some dropped" : "");
	ret = state_advance(&replay->state, stop->mark, stop->between);
	if (!ret)
		ret = replay_flushed(replay, stop->end);
	if (ret)
		return ret;
	lap(replay, REPLAY, &since);
	ret = dm_create_snapshot(replay->dm, replay->name, replay->device, replay->cow,
				 replay->snapshot, sizeof(replay->snapshot));
	if (ret)
		return ret;
	lap(replay, SNAPSHOT, &since);
	ret = replay_rest(replay, stop);
	lap(replay, REPLAY, &since);
	if (!ret)
		ret = check_snapshot(replay, &since);
	while (dm_remove(replay->dm, replay->name) == -EBUSY)
		usleep(10000);
	lap(replay, SNAPSHOT, &since);
	if (stop->between)
		replay->between++;
	else
		replay->at_marks++;
	return ret;
}

/* ---- all of it ---- */

static void print_results(const struct replay *replay)
{
	static const char *const names[] = { "replay", "snapshot", "mount",
					     "check",  "umount",   "e2fsck" };
	double stops = replay->nr_stops ? replay->nr_stops : 1;

	printf("milliseconds a stop:");
	for (int i = 0; i < PHASES; i++)
		printf(" %s %.1f", names[i], replay->took[i] * 1000 / stops);
	printf("\nlog: %zu entries, %" PRIu32 " marks\nstops %zu marks %" PRIu64 " between %" PRIu64
	       " unmountable %" PRIu64 " e2fsck %" PRIu64 " ",
	       replay->log.nr, replay->state.nr_marks, replay->nr_stops, replay->at_marks,
	       replay->between, replay->unmountable, replay->fsck_errors);
	findings_print(&replay->findings);
}

static int replay_all(struct replay *replay, char **paths, size_t marks, size_t between,
		      unsigned int part, unsigned int parts)
{
	int ret;

	/* e2fsck at the same place each time: an emulated CPU then knows its code already. */
	personality(ADDR_NO_RANDOMIZE);
	replay->device = paths[1];
	replay->cow = paths[2];
	replay->dir = paths[4];
	snprintf(replay->name, sizeof(replay->name), "crash-snapshot-%d", getpid());
	replay->dm = dm_open();
	if (replay->dm < 0)
		return replay->dm;
	ret = log_open(&replay->log, paths[0]);
	if (!ret)
		ret = state_load(&replay->state, paths[3]);
	if (!ret)
		ret = choose_stops(replay, marks, between, part, parts);
	if (ret)
		return ret;
	replay->device_fd = open(replay->device, O_WRONLY | O_DIRECT | O_CLOEXEC);
	if (replay->device_fd < 0)
		return -errno;
	for (size_t i = 0; !ret && i < replay->nr_stops; i++)
		ret = do_stop(replay, &replay->stops[i]);
	close(replay->device_fd);
	return ret;
}

static const struct option options[] = {
	{ "between", required_argument, NULL, 'b' },
	{ "marks", required_argument, NULL, 'm' },
	{ "options", required_argument, NULL, 'o' },
	{ "part", required_argument, NULL, 'p' },
	{ "repair", no_argument, NULL, 'r' },
	{ "seed", required_argument, NULL, 'S' },
	{},
};

int cmd_replay(int argc, char **argv)
{
	static struct replay replay = { .random = 1, .options = "" };
	size_t marks = SIZE_MAX / 4, between = 0;
	unsigned int part = 0, parts = 1;
	int option, ret;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'b':
			between = strtoul(optarg, NULL, 0);
			break;
		case 'm':
			marks = strtoul(optarg, NULL, 0);
			break;
		case 'o':
			replay.options = optarg;
			break;
		case 'p':
			if (sscanf(optarg, "%u/%u", &part, &parts) != 2 || part >= parts)
				return -EINVAL;
			break;
		case 'r':
			replay.repair = true;
			break;
		case 'S':
			replay.random = strtoull(optarg, NULL, 0);
			break;
		default:
			return -EINVAL;
		}
	}
	if (argc - optind != 5)
		return -EINVAL;
	ret = replay_all(&replay, argv + optind, marks, between, part, parts);
	if (ret)
		fprintf(stderr, "crash: replay, %s: %s\n", replay.where, strerror(-ret));
	else
		print_results(&replay);
	log_close(&replay.log);
	state_free(&replay.state);
	free(replay.stops);
	if (ret)
		return -EIO;
	return findings_bad(&replay.findings) || replay.unmountable || replay.fsck_errors;
}
