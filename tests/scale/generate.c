// SPDX-License-Identifier: GPL-2.0
/*
 * Makes a large recording without a kernel, of what a busy database does: random
 * writes to several files, completed, listed, converted some milliseconds later,
 * committed, and an fsync now and then. The times are those that a fast disk
 * shows, scattered as they are there; the verdict on it is ok.
 *
 *	generate FILE WRITES        makes it
 *	generate --run COMMAND...   runs it; says what time and memory it took
 */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "kernel/hooks.h"
#include "record/tape.h"
#include "util.h"

#define MS 1000000ULL
#define BEGIN (3600000 * MS)
#define FILES 16
#define BLOCK 8192
#define BLOCKS (1 << 18)
#define COMMIT_EVERY (5 * MS)
#define FSYNC_TAKES (40 * MS)
#define WRITES_PER_FSYNC 500

/* What is to come, the next one first. */
struct later {
	uint64_t ts;
	enum cl_event_kind kind;
	uint64_t id, file, block, begin_ns, submit_ns;
};

static struct later *heap;
static size_t nr, size;
static uint64_t state = 88172645463325252ULL;
static struct cl_tape *tape;
static uint64_t events;
static unsigned int listed[FILES];

static double rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) * 0x1p-53;
}

/* Most take about as long as this, a few ten times as long. */
static uint64_t around(uint64_t ns)
{
	double x = rnd() + rnd() + rnd() - 1.5;

	return ns * exp(1.6 * x);
}

static void push(const struct later *l)
{
	size_t i;

	if (nr == size) {
		size = size ? 2 * size : 1024;
		heap = realloc(heap, size * sizeof(*heap));
	}
	for (i = nr++; i && heap[(i - 1) / 2].ts > l->ts; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = *l;
}

static struct later pop(void)
{
	struct later first = heap[0], last = heap[--nr];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < nr) {
		child += child + 1 < nr && heap[child + 1].ts < heap[child].ts;
		if (last.ts <= heap[child].ts)
			break;
		heap[i] = heap[child];
		i = child;
	}
	heap[i] = last;
	return first;
}

static struct cl_event header(const struct later *l, size_t bytes)
{
	return (struct cl_event){ .size_bytes = bytes, .kind = l->kind, .ts_ns = l->ts,
				  .ino = 131 + l->file, .dev = 259 << 20 | 1,
				  .generation = 0x9d3f0000 + l->file, .tgid = 4711,
				  .tid = 4711 + l->id % 32 };
}

static uint32_t tid_at(uint64_t ts)
{
	return 100 + ts / COMMIT_EVERY;
}

static void emit_write(const struct later *l)
{
	const struct cl_ev_write w = {
		.e = header(l, sizeof(w)), .write_id = l->id, .offset_bytes = l->block * BLOCK,
		.size_bytes = BLOCK, .submit_ns = l->submit_ns, .comm = "database",
	};
	struct later next = *l;

	cl_tape_record(tape, &w, sizeof(w));
	next.kind = CL_EV_LISTED;
	next.ts = l->ts + around(2000);
	push(&next);
	next.kind = CL_EV_COMPLETION;
	next.ts += around(6000);
	push(&next);
	next.kind = CL_EV_CONVERT;
	next.begin_ns = l->ts + around(1 * MS);
	next.ts = next.begin_ns + around(15000);
	push(&next);
}

static void emit(const struct later *l)
{
	const struct cl_ev_listed li = { header(l, sizeof(li)), l->id, l->block * BLOCK, BLOCK,
					 listed[l->file], 0 };
	const struct cl_ev_completion c = { header(l, sizeof(c)), l->id, BLOCK, CL_VIA_LIBAIO, 0, 0 };
	const struct cl_ev_convert v = {
		.e = header(l, sizeof(v)), .offset_bytes = l->block * BLOCK, .size_bytes = BLOCK,
		.begin_ns = l->begin_ns, .journal_tid = tid_at(l->ts), .has_tid = 1,
		.why = CL_WHY_WORK, .entries = 1,
	};
	const struct cl_ev_fsync_begin b = { .e = header(l, sizeof(b)), .fsync_id = l->id,
					     .end_bytes = INT64_MAX, .datasync = 1,
					     .comm = "database" };
	const struct cl_ev_fsync_end e = { header(l, sizeof(e)), l->id, 0, tid_at(l->ts) - 2,
					   CL_JOURNAL_FULL, 0 };
	struct cl_ev_commit t = { header(l, sizeof(t)), tid_at(l->ts) - 1, 0 };

	events++;
	switch (l->kind) {
	case CL_EV_WRITE:
		emit_write(l);
		break;
	case CL_EV_LISTED:
		listed[l->file]++;
		cl_tape_record(tape, &li, sizeof(li));
		break;
	case CL_EV_COMPLETION:
		cl_tape_record(tape, &c, sizeof(c));
		break;
	case CL_EV_CONVERT:
		listed[l->file]--;
		cl_tape_record(tape, &v, sizeof(v));
		break;
	case CL_EV_FSYNC_BEGIN:
		cl_tape_record(tape, &b, sizeof(b));
		break;
	case CL_EV_FSYNC_END:
		cl_tape_record(tape, &e, sizeof(e));
		break;
	case CL_EV_COMMIT:
		t.e.ino = 0;
		t.e.generation = 0;
		cl_tape_record(tape, &t, sizeof(t));
		break;
	default:
		break;
	}
}

/* A write, and now and then an fsync and a commit, from ts on. */
static void plan(uint64_t id, uint64_t ts)
{
	static uint64_t committed = BEGIN;
	struct later l = { .kind = CL_EV_WRITE, .id = id, .file = rnd() * FILES,
			   .block = rnd() * BLOCKS, .submit_ns = ts };

	l.ts = ts + around(90000);
	push(&l);
	for (; committed + COMMIT_EVERY <= ts; committed += COMMIT_EVERY)
		push(&(struct later){ .ts = ts, .kind = CL_EV_COMMIT });
	if (id % WRITES_PER_FSYNC)
		return;
	l.kind = CL_EV_FSYNC_BEGIN;
	l.ts = ts;
	push(&l);
	l.kind = CL_EV_FSYNC_END;
	l.ts = ts + FSYNC_TAKES;
	push(&l);
}

static int generate(const char *path, uint64_t writes)
{
	struct cl_about about;
	struct cl_about_end end = {};
	uint64_t id, ts = BEGIN, bytes, settled = 0;

	cl_about_init(&about);
	strcpy(about.hooks.kernel, "generated");
	about.hooks.nr = 1;
	about.hooks.hook[0] = (struct cl_hook_state){ .name = "all", .how = CL_HOW_FENTRY,
						      .provides = (1U << CL_NEEDS) - 1 };
	if (cl_tape_open(path, &about, &tape))
		return 3;
	for (id = 1; id <= writes || nr;) {
		/* 20,000 a second. */
		for (; id <= writes && (!nr || ts <= heap[0].ts); ts += around(40000))
			plan(id++, ts);
		const struct later l = pop();

		emit(&l);
		if (l.ts - settled > 50 * MS) {
			cl_tape_settle(tape);
			settled = l.ts;
		}
	}
	end.run_ns = ts - BEGIN;
	if (cl_tape_end(tape, &end, &bytes))
		return 3;
	printf("%llu writes, %llu events, %llu bytes, %.1f bytes a write\n",
	       (unsigned long long)writes, (unsigned long long)events, (unsigned long long)bytes,
	       (double)bytes / writes);
	free(heap);
	return 0;
}

static int run(char **command)
{
	uint64_t begin_ns = cl_now_ns();
	struct rusage use;
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		execvp(command[0], command);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &use) != pid)
		return 3;
	fprintf(stderr, "%.2f s, %.2f s of CPU time, %ld KiB at most\n",
		(cl_now_ns() - begin_ns) / 1e9,
		use.ru_utime.tv_sec + use.ru_utime.tv_usec / 1e6 + use.ru_stime.tv_sec +
			use.ru_stime.tv_usec / 1e6,
		use.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 3;
}

int main(int argc, char **argv)
{
	if (argc > 2 && !strcmp(argv[1], "--run"))
		return run(argv + 2);
	if (argc == 3)
		return generate(argv[1], strtoull(argv[2], NULL, 0));
	fprintf(stderr, "usage: generate FILE WRITES | --run COMMAND...\n");
	return 2;
}
