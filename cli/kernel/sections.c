// SPDX-License-Identifier: GPL-2.0
#include "sections.h"

#include <errno.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "btf_types.h"
#include "util.h"

static struct cl_types *types;

/* libbpf would search all types once more for each program. */
static int set_target(struct bpf_program *prog, struct bpf_prog_load_opts *opts, long cookie)
{
	const char *name = strchr(bpf_program__section_name(prog), '/') + 1;
	struct cl_types_target target;
	int err;

	if (bpf_program__expected_attach_type(prog) == BPF_TRACE_RAW_TP)
		err = cl_types_tracepoint_target(types, name, &target);
	else
		err = cl_types_func_target(types, name, &target);
	if (err)
		return err;
	opts->attach_btf_id = target.id;
	opts->attach_btf_obj_fd = target.btf_fd;
	return 0;
}

static int attach(const struct bpf_program *prog, long cookie, struct bpf_link **link)
{
	*link = bpf_program__attach_trace(prog);
	return *link ? 0 : -errno;
}

/*
 * A typed tracepoint needs the kernel's own types. A raw one hands the same arguments to the
 * same program, which reads them through the accessors in either case.
 */
static int use_raw_tracepoints(void)
{
	return libbpf_register_prog_handler("tp_btf+", BPF_PROG_TYPE_RAW_TRACEPOINT, 0, NULL);
}

static int use_targets(void)
{
	static const struct {
		const char *section;
		enum bpf_attach_type type;
	} traced[] = {
		{ "fentry+", BPF_TRACE_FENTRY },
		{ "fexit+", BPF_TRACE_FEXIT },
		{ "tp_btf+", BPF_TRACE_RAW_TP },
	};
	LIBBPF_OPTS(libbpf_prog_handler_opts, opts, .prog_prepare_load_fn = set_target,
		    .prog_attach_fn = attach);

	for (size_t i = 0; i < ARRAY_SIZE(traced); i++) {
		int handler = libbpf_register_prog_handler(traced[i].section,
							   BPF_PROG_TYPE_TRACING, traced[i].type,
							   &opts);

		if (handler < 0)
			return handler;
	}
	return 0;
}

int cl_sections_use(struct cl_types *from)
{
	static bool done;
	int err;

	types = from;
	if (done)
		return 0;
	err = cl_types_file(types) ? use_raw_tracepoints() : use_targets();
	done = err >= 0;
	return done ? 0 : err;
}
