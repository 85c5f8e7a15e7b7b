// SPDX-License-Identifier: GPL-2.0
#include "links.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/param.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "features.h"
#include "log.h"
#include "util.h"

/* What later kernels' struct bpf_link_info tells of kprobes, for older headers. */
struct kprobe_link_info {
	__u32 type, id, prog_id, pad;
	union {
		struct {	/* 6.7 (3acf8ace68230) */
			__u32 perf_type, pad;
			__u64 func_name;
			__u32 name_len, offset;
			__u64 addr;
			__u64 missed;
		} single;
		struct {	/* 6.7 (e2b2cd592a8ff) */
			__u64 addrs;
			__u32 count, flags;
			__u64 missed;
		} multi;
		__u64 room[16];
	};
};

#define LINK_PERF_EVENT 7	/* BPF_LINK_TYPE_PERF_EVENT */
#define LINK_KPROBE_MULTI 8	/* BPF_LINK_TYPE_KPROBE_MULTI */

static bool is_kprobe(const char *program)
{
	return strstr(program, "__")[2] == 'k';
}

static bool is_return(const char *program)
{
	return !strncmp(strstr(program, "__"), "__kretprobe", strlen("__kretprobe"));
}

static bool uses_multi(const struct cl_features *f, const char *program)
{
	return f->own_returns && is_kprobe(program);
}

void cl_links_prepare(struct bpf_program *prog, const struct cl_features *f)
{
	if (uses_multi(f, bpf_program__name(prog)))
		bpf_program__set_expected_attach_type(prog, BPF_TRACE_KPROBE_MULTI);
}

static struct bpf_link *attach_kprobe(struct bpf_program *prog, const struct cl_features *f,
				      const char *target)
{
	const char *changed, *symbol = cl_symbols_find(f->symbols, target, &changed);
	bool at_return = is_return(bpf_program__name(prog));

	if (uses_multi(f, bpf_program__name(prog))) {
		LIBBPF_OPTS(bpf_kprobe_multi_opts, opts, .syms = &symbol, .cnt = 1,
			    .retprobe = at_return);

		return bpf_program__attach_kprobe_multi_opts(prog, NULL, &opts);
	}
	return bpf_program__attach_kprobe(prog, at_return, symbol);
}

static enum cl_link_misses misses_of(const struct cl_link *l, const struct cl_features *f)
{
	/* A part that has landed unseen is not known. */
	if (strstr(l->name, "iomap_dio") == l->name)
		return CL_MISSES_LEAVE_TRACES;
	/* The conversion tells in their place. */
	if (strstr(l->name, "ext4_put_io_end") == l->name)
		return CL_MISSES_LEAVE_TRACES;
	/* Where return probes are few, what they miss is counted in any case. */
	if (strstr(l->name, "aio_complete_rw") == l->name &&
	    (!l->kprobe || uses_multi(f, l->name)))
		return CL_MISSES_LEAVE_TRACES;
	if (strstr(l->name, "ext4_dio_write_end_io") == l->name)
		return CL_MISSES_UNANNOUNCED;
	if (strstr(l->name, "ext4_end_io_dio") == l->name)
		return CL_MISSES_TOLD_BY_LISTED;
	return CL_MISSES_COUNT;
}

int cl_links_add(struct cl_links *links, const struct bpf_object *obj,
		 const struct cl_features *f, const char *name)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(obj, name);
	struct cl_link *l = &links->of[links->nr];
	char target[96];

	if (!prog)
		return -ENOENT;
	snprintf(target, sizeof(target), "%.*s", (int)(strstr(name, "__") - name), name);
	l->kprobe = is_kprobe(name);
	if (l->kprobe)
		l->link = attach_kprobe(prog, f, target);
	else if (bpf_program__type(prog) == BPF_PROG_TYPE_RAW_TRACEPOINT)
		l->link = bpf_program__attach_raw_tracepoint(prog, target);
	else
		l->link = bpf_program__attach(prog);
	if (!l->link)
		return -errno;
	l->name = bpf_program__name(prog);
	l->prog_fd = bpf_program__fd(prog);
	l->misses = misses_of(l, f);
	links->tells_listed |= strstr(l->name, "ext4_aio_dio_listed") == l->name;
	links->nr++;
	return 0;
}

static __u64 missed_by(const struct cl_link *l)
{
	struct kprobe_link_info info = {};
	struct bpf_prog_info prog = {};
	__u32 len = sizeof(prog);
	__u64 missed = 0;

	if (!bpf_obj_get_info_by_fd(l->prog_fd, &prog, &len))
		missed = prog.recursion_misses;
	len = sizeof(info);
	if (l->kprobe && !bpf_obj_get_info_by_fd(bpf_link__fd(l->link), &info, &len)) {
		if (info.type == LINK_PERF_EVENT)
			missed += info.single.missed;
		else if (info.type == LINK_KPROBE_MULTI)
			missed += info.multi.missed;
	}
	return missed;
}

__u64 cl_links_missed(const struct cl_links *links, __u64 unannounced)
{
	__u64 missed[CL_MISS_KINDS];

	memcpy(missed, links->missed, sizeof(missed));
	for (unsigned int i = 0; i < links->nr; i++)
		missed[links->of[i].misses] += missed_by(&links->of[i]);
	missed[links->tells_listed ? CL_MISSES_UNANNOUNCED : CL_MISSES_COUNT] +=
		missed[CL_MISSES_TOLD_BY_LISTED];
	/* A write that was under way when the first hook came is not announced either. */
	return missed[CL_MISSES_COUNT] + MIN(missed[CL_MISSES_UNANNOUNCED], unannounced);
}

void cl_links_drop(struct cl_links *links)
{
	struct cl_link *l = &links->of[--links->nr];
	__u64 missed = missed_by(l);

	links->missed[l->misses] += missed;
	if (missed)
		cl_debug("%s: passed over %llu times", l->name, missed);
	bpf_link__destroy(l->link);
}
