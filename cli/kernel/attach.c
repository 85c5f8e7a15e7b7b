// SPDX-License-Identifier: GPL-2.0
#include "attach.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "trace.skel.h"
#include "trace_basic.skel.h"

#include "bpf_log.h"
#include "candidates.h"
#include "features.h"
#include "links.h"
#include "log.h"
#include "sections.h"
#include "source/source.h"
#include "util.h"

#define RING_BYTES_DEFAULT (8U << 20)
#define STAT_KEYS 1024
#define STAT_INODES 1024

struct cl_attach {
	struct cl_features features;
	struct cl_choices choices;
	struct cl_hooks_report report;
	struct trace_bpf *skel;
	struct cl_links links;
	__u64 passed_over;	/* programs, when last asked for */
	__u64 missed;		/* completions, found at the end */
};

/* The kernel takes powers of two, of at least a page. */
static __u32 ring_bytes(__u64 asked)
{
	__u64 bytes = sysconf(_SC_PAGESIZE);

	if (!asked)
		asked = RING_BYTES_DEFAULT;
	while (bytes < asked && bytes < 1ULL << 30)
		bytes <<= 1;
	return bytes;
}

static enum cl_hook_how first_class(void)
{
	const char *class = getenv("CONVLIST_HOOKS");

	for (int how = CL_HOW_TRACEPOINT; class && how < CL_HOWS; how++)
		if (!strcmp(class, cl_how_name(how)))
			return how;
	if (class && *class)
		cl_warn("CONVLIST_HOOKS=%s: not one of tracepoint, fentry, kprobe", class);
	return CL_HOOKS_BEST;
}

/*
 * Writes that have completed unseen, if their kiocb was not used again: a
 * completion follows the data at once, so one that is that late was missed.
 */
#define COMPLETION_LATE_NS 1000000000ULL

static __u64 missed_completions(const struct cl_attach *a, __u64 now_ns)
{
	int inflight = bpf_map__fd(a->skel->maps.cl_inflight);
	__u64 key, *at = NULL, missed = 0;
	struct cl_inflight write;

	for (; !bpf_map_get_next_key(inflight, at, &key); at = &key)
		if (!bpf_map_lookup_elem(inflight, &key, &write) &&
		    write.done_ns + COMPLETION_LATE_NS < now_ns)
			missed++;
	return missed + __atomic_load_n(&a->skel->bss->cl_completing, __ATOMIC_RELAXED);
}

void cl_attach_detach(struct cl_attach *a)
{
	__u64 now_ns = cl_now_ns();

	if (!a->links.nr)
		return;
	a->skel->bss->cl_writes_hooked = false;
	/* In the reverse order: no fsync is seen to end without what it relied on. */
	while (a->links.nr)
		cl_links_drop(&a->links);
	/* Only now: while a table is read, kprobes are passed over on that CPU. */
	a->missed += missed_completions(a, now_ns);
}

/* Tables that are not used stay as small as the object has them. */
static int set_up_stat(struct trace_bpf *skel, __u32 by)
{
	int err = 0;

	skel->rodata->cl_stat_by = by;
	if (!by)
		return 0;
	/* Successes are not told: converted() knows. */
	skel->rodata->cl_cfg.kinds = 1U << CL_EV_CONVERT;
	err = err ?: bpf_map__set_max_entries(skel->maps.cl_stat_index, STAT_KEYS);
	err = err ?: bpf_map__set_max_entries(skel->maps.cl_stat_figures, STAT_KEYS);
	err = err ?: bpf_map__set_max_entries(skel->maps.cl_stat_visible, STAT_INODES);
	return err;
}

/*
 * While a task reads a table, kprobes are passed over on its CPU: it must not be preempted
 * there for others. Without the right to ask for that, some may be missed, and counted.
 * Returns what leave_cpu() takes.
 */
static int stay_on_cpu(const struct cl_attach *a)
{
	const struct sched_param first = { .sched_priority = 1 };
	int policy = a->features.preempts ? sched_getscheduler(0) : -1;

	if (policy != SCHED_OTHER || sched_setscheduler(0, SCHED_FIFO, &first))
		return -1;
	return policy;
}

static void leave_cpu(int policy)
{
	const struct sched_param none = {};

	if (policy >= 0)
		sched_setscheduler(0, policy, &none);
}

long long cl_attach_stat(const struct cl_attach *a, const struct cl_stat_reader *reader)
{
	int index = bpf_map__fd(a->skel->maps.cl_stat_index);
	int figures = bpf_map__fd(a->skel->maps.cl_stat_figures);
	struct cl_stat_who who, *last = NULL;
	struct cl_stat_figures f;
	int policy;
	__u32 at;

	policy = stay_on_cpu(a);
	for (; !bpf_map_get_next_key(index, last, &who); last = &who)
		if (!bpf_map_lookup_elem(index, &who, &at) &&
		    !bpf_map_lookup_elem(figures, &at, &f))
			reader->figures(reader->ctx, &who, &f);
	leave_cpu(policy);
	return __atomic_load_n(&a->skel->bss->cl_stat_full, __ATOMIC_RELAXED);
}

void cl_attach_lost(struct cl_attach *a, bool ask, __u64 lost[CL_LOST_WHERES])
{
	for (int i = 0; i < CL_LOST_WHERES; i++)
		lost[i] = __atomic_load_n(&a->skel->bss->cl_lost[i], __ATOMIC_RELAXED);
	if (ask)
		a->passed_over = cl_links_missed(&a->links,
			__atomic_load_n(&a->skel->bss->cl_unannounced, __ATOMIC_RELAXED));
	lost[CL_LOST_MISSED] += a->missed + a->passed_over;
}

#define RANK_WRITE 1
#define RANKS 4

/*
 * What a write leads to is hooked before the write, and fsync last: nobody is
 * told of a write, or of an fsync's promise, whose conversion went by unseen. And
 * after fsync that a file is closed, or named: nothing goes by unseen that syncs it before; or
 * that it is read: all that became of the writes there was seen.
 */
static int attach_rank(const struct cl_hook *hook)
{
	if (hook->provides & (CL_NEED_CLOSE | CL_NEED_READ | CL_NEED_NAME))
		return 3;
	if (hook->provides & CL_NEED_FSYNC)
		return 2;
	return hook->provides & CL_NEED_WRITE ? RANK_WRITE : 0;
}

static int attach_all(struct cl_attach *a, const char **failed)
{
	for (int rank = 0; rank < RANKS; rank++) {
		for (unsigned int i = 0; i < a->choices.nr; i++) {
			const struct cl_candidate *c = a->choices.of[i].candidate;

			if (!c || attach_rank(a->choices.of[i].hook) != rank)
				continue;
			/* Ends before begins, for the same reason. */
			for (int p = CL_CANDIDATE_PROGRAMS - 1; p >= 0; p--) {
				int err = c->programs[p] ? cl_links_add(&a->links, a->skel->obj,
									&a->features,
									c->programs[p]) : 0;

				if (err) {
					*failed = c->programs[p];
					return err;
				}
			}
		}
		if (rank == RANK_WRITE)
			a->skel->bss->cl_writes_hooked = true;
	}
	return 0;
}

static void unload(struct cl_attach *a)
{
	cl_attach_detach(a);
	trace_bpf__destroy(a->skel);
	a->skel = NULL;
	a->missed = a->passed_over = 0;
	a->links = (struct cl_links){};
}

/* Both objects are of the same sources, with the same maps, variables and programs. */
_Static_assert(sizeof(struct trace_bpf__rodata) == sizeof(struct trace_basic_bpf__rodata) &&
	       sizeof(struct trace_bpf__bss) == sizeof(struct trace_basic_bpf__bss) &&
	       sizeof(struct trace_bpf) == sizeof(struct trace_basic_bpf),
	       "the two objects differ");

/*
 * Without types of the kernel's own no program is told what the current task is, or keeps
 * anything with it.
 */
static bool is_basic(const struct cl_features *f)
{
	return f->basic_bpf || !f->own_types;
}

/* NULL: see errno. */
static struct trace_bpf *open_programs(const struct cl_features *f)
{
	LIBBPF_OPTS(bpf_object_open_opts, open, .btf_custom_path = cl_types_file(f->types));
	struct trace_bpf *skel = calloc(1, sizeof(*skel));
	int err;

	if (!skel)
		return NULL;
	err = trace_bpf__create_skeleton(skel);
	if (!err && is_basic(f))
		skel->skeleton->data = (void *)trace_basic_bpf__elf_bytes(&skel->skeleton->data_sz);
	err = err ?: bpf_object__open_skeleton(skel->skeleton, &open);
	if (!err)
		return skel;
	trace_bpf__destroy(skel);
	errno = -err;
	return NULL;
}

/* One try with the candidates as chosen now. *failed: the program that it failed for. */
static int try_load(struct cl_attach *a, const struct cl_live_options *opt, const char **failed)
{
	struct bpf_program *prog;
	__u32 bytes = ring_bytes(opt->ring_bytes);
	int err;

	*failed = "";
	cl_bpf_log_reset();
	a->skel = open_programs(&a->features);
	if (!a->skel)
		return -errno;
	memcpy((void *)&a->skel->rodata->cl_cfg, &opt->filter, sizeof(opt->filter));
	a->skel->rodata->cl_wakeup_bytes = bytes / 4;
	a->skel->rodata->cl_reads = opt->reads;
	a->skel->rodata->cl_page_bits = __builtin_ctzl(sysconf(_SC_PAGESIZE));
	err = bpf_map__set_max_entries(a->skel->maps.cl_ring, bytes);
	err = err ?: set_up_stat(a->skel, opt->stat_by);
	if (err)
		return err;
	bpf_object__for_each_program(prog, a->skel->obj) {
		bpf_program__set_autoload(prog, cl_hooks_wants_program(&a->choices,
								       bpf_program__name(prog)));
		cl_links_prepare(prog, &a->features);
	}
	err = trace_bpf__load(a->skel);
	if (err) {
		*failed = cl_bpf_log_program();
		return err;
	}
	return attach_all(a, failed);
}

static int load(struct cl_attach *a, const struct cl_live_options *opt)
{
	const char *failed;
	int err;

	for (;;) {
		err = try_load(a, opt, &failed);
		if (!err)
			return 0;
		unload(a);
		if (err == -EPERM || err == -ENOMEM)
			break;
		cl_debug("%s: %s", failed, strerror(-err));
		if (!cl_hooks_refused(&a->choices, failed, strerror(-err)))
			break;
	}
	if (err == -EPERM)
		cl_err("the kernel refuses BPF programs (%s): needs root, and no lockdown",
		       strerror(-err));
	else if (err == -ENOMEM)
		cl_err("no memory for the BPF maps: try a smaller --buffer");
	else
		cl_err("the BPF programs cannot be loaded: %s (see --debug)", strerror(-err));
	return err;
}

static int check_needs(const struct cl_attach *a, const struct cl_live_options *opt)
{
	if (cl_hooks_missing(&a->report, CL_NEED_WRITE) &&
	    cl_hooks_missing(&a->report, CL_NEED_FSYNC)) {
		cl_err("neither writes nor fsyncs can be hooked on kernel %s: see convlist doctor",
		       a->report.kernel);
		return -ENOTSUP;
	}
	if ((opt->filter.tgid || opt->filter.comm_len) &&
	    cl_hooks_missing(&a->report, CL_NEED_SUBMITTER)) {
		cl_err("no filter by process here: ext4_iomap_begin, which tells who submits, "
		       "cannot be hooked");
		return -ENOTSUP;
	}
	return 0;
}

static __u32 needs_wanted(const struct cl_live_options *opt)
{
	if (opt->all_hooks)
		return ~0U;
	if (opt->stat_by)
		return CL_NEEDS_OF_STAT;
	return ~CL_NEEDS_ASKED | (opt->reads ? CL_NEED_READ : 0);
}

int cl_attach_open(const struct cl_live_options *opt, struct cl_attach **attach)
{
	struct cl_attach *a = calloc(1, sizeof(*a));
	int err;

	if (!a)
		return -ENOMEM;
	err = cl_features_probe(&a->features);
	if (!err)
		err = cl_features_require(&a->features);
	if (!err && opt->stat_by && is_basic(&a->features)) {
		cl_err("no statistics on kernel %s: its BPF has no bpf_loop (Linux 5.17), "
		       "or no types of the kernel's own (CONFIG_DEBUG_INFO_BTF)",
		       a->features.release);
		err = -ENOTSUP;
	}
	err = err ?: cl_sections_use(a->features.types);
	if (!err) {
		cl_hooks_choose(&a->features, first_class(), needs_wanted(opt), &a->choices);
		err = load(a, opt);
	}
	if (!err) {
		cl_hooks_fill_report(&a->choices, &a->report);
		err = check_needs(a, opt);
	}
	if (err) {
		cl_attach_close(a);
		return err;
	}
	*attach = a;
	return 0;
}

void cl_attach_close(struct cl_attach *a)
{
	if (!a)
		return;
	unload(a);
	cl_features_fini(&a->features);
	free(a);
}

int cl_attach_ring_fd(const struct cl_attach *a)
{
	return bpf_map__fd(a->skel->maps.cl_ring);
}

const struct cl_hooks_report *cl_attach_report(const struct cl_attach *a)
{
	return &a->report;
}
