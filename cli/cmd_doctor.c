// SPDX-License-Identifier: GPL-2.0
/* convlist doctor: what this kernel lets convlist see, and what can be decided from it. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "commands.h"
#include "kernel/candidates.h"
#include "kernel/features.h"
#include "kernel/mounts.h"
#include "log.h"
#include "opt.h"
#include "output/output.h"
#include "rules/rule.h"
#include "source/source.h"
#include "util.h"

struct doctor_options {
	bool json;
};

static const struct cl_opt opts[] = {
	CL_OPT_JSON_ROW(struct doctor_options, json),
	{},
};

static const struct cl_opt_spec spec = {
	.command = "doctor",
	.about = "Says what this kernel has (types, the conversion-list series, ext4 file systems with\n"
		 "their settings), how each hook is found, and which rules can be decided from that.\n"
		 "As root the hooks are really tried; without, they are only looked up.\n\n"
		 "Exit status: 0 when writes, conversions and fsyncs can be watched here and now,\n"
		 "else 3.",
	.examples = "  sudo convlist doctor\n"
		    "  sudo convlist doctor --json | jq -c 'select(.type == \"hook\")'",
	.opts = opts,
};

struct doctor {
	struct cl_out *out;
	struct cl_features features;
	struct cl_choices choices;
	struct cl_hooks_report found;	/* by looking */
	struct cl_source *source;	/* NULL: nothing was tried, or it failed */
	const struct cl_hooks_report *hooks;
	bool usable;
};

static void print_kernel(struct doctor *d)
{
	const struct cl_features *f = &d->features;

	cl_out_block_begin(d->out, "doctor");
	cl_out_str(d->out, "kernel", f->release);
	cl_out_bool(d->out, "patched", f->patched);
	cl_out_str(d->out, "ext4", !f->ext4 ? "not loaded" : f->ext4_module ? "module" : "built in");
	cl_out_bool(d->out, "btf", cl_types_are_there(f->types));
	cl_out_bool(d->out, "ext4_btf", f->ext4_types);
	cl_out_bool(d->out, "aio", f->aio);
	cl_out_bool(d->out, "io_uring", f->io_uring);
	cl_out_bool(d->out, "preempts", f->preempts);
	cl_out_bool(d->out, "stat_and_pending", !f->basic_bpf && f->own_types);
	cl_out_bool(d->out, "pending", !f->basic_bpf);
	cl_out_bool(d->out, "may_load_bpf", f->may_load);
	cl_out_str(d->out, "lockdown", f->lockdown[0] ? f->lockdown : "unknown");
	cl_out_bool(d->out, "hooks_tried", d->source);
	cl_out_bool(d->out, "usable", d->usable);
	cl_out_end(d->out);
}

static void print_hooks(struct doctor *d)
{
	static const struct cl_out_column cols[] = {
		{ "hook", "HOOK", -24 }, { "how", "HOW", -10 }, { "target", "TARGET", -37 },
		{ "inferred", "INFERRED", -8 }, { "note", "NOTE", -1 }, {}
	};

	cl_out_columns(d->out, cols);
	for (unsigned int i = 0; i < d->hooks->nr; i++) {
		const struct cl_hook_state *h = &d->hooks->hook[i];

		cl_out_row_begin(d->out, "hook");
		cl_out_str(d->out, "hook", h->name);
		cl_out_str(d->out, "how", cl_how_name(h->how));
		cl_out_str(d->out, "target", h->target);
		cl_out_bool(d->out, "inferred", h->inferred);
		cl_out_str(d->out, "note", h->note);
		cl_out_end(d->out);
	}
}

/* One number of /sys/fs/ext4/<name>/; false: the kernel has no such file. */
static bool read_setting(const char *name, const char *setting, uint64_t *value)
{
	FILE *f __cleanup_file = NULL;
	char path[300];

	snprintf(path, sizeof(path), "/sys/fs/ext4/%s/%s", name, setting);
	f = fopen(path, "re");
	return f && fscanf(f, "%" SCNu64, value) == 1;
}

/* ext4 names its folders like the kernel names the disk, not like the mount does. */
static bool disk_name(uint32_t dev, char *name, size_t size)
{
	char path[64], target[256], *base;
	ssize_t len;

	snprintf(path, sizeof(path), "/sys/dev/block/%u:%u", cl_dev_major(dev), cl_dev_minor(dev));
	len = readlink(path, target, sizeof(target) - 1);
	if (len < 0)
		return false;
	target[len] = 0;
	base = strrchr(target, '/');
	snprintf(name, size, "%s", base ? base + 1 : target);
	return true;
}

static void print_setting(struct doctor *d, const char *name, const char *setting, const char *key)
{
	uint64_t value;

	if (read_setting(name, setting, &value))
		cl_out_u64(d->out, key, value);
	else
		cl_out_null(d->out, key);
}

static void print_filesystems(struct doctor *d)
{
	static const struct cl_out_column cols[] = {
		{ "dev", "DEVICE", -8 }, { "disk", "DISK", -10 },
		{ "aio_dio_defer", "DEFER", 5 }, { "aio_dio_batch_ms", "BATCH_MS", 8 },
		{ "nr_aio_dio_pending", "PENDING", 7 }, { "mount_point", "MOUNT POINT", -1 }, {}
	};
	struct cl_mounts mounts;

	if (cl_mounts_read(&mounts))
		return;
	cl_out_columns(d->out, cols);
	for (size_t i = 0; i < mounts.nr; i++) {
		const struct cl_mount *m = &mounts.mount[i];
		char name[256] = "";

		if (strcmp(m->type, "ext4") || cl_mounts_find(&mounts, m->dev) != m ||
		    !disk_name(m->dev, name, sizeof(name)))
			continue;
		cl_out_row_begin(d->out, "filesystem");
		cl_out_dev(d->out, "dev", m->dev);
		cl_out_str(d->out, "disk", name);
		print_setting(d, name, "aio_dio_defer", "aio_dio_defer");
		print_setting(d, name, "aio_dio_batch_ms", "aio_dio_batch_ms");
		print_setting(d, name, "nr_aio_dio_pending", "nr_aio_dio_pending");
		cl_out_str(d->out, "mount_point", m->point);
		cl_out_end(d->out);
	}
	cl_mounts_free(&mounts);
}

/* Looks first, and then, where that is allowed, tries. */
static void examine(struct doctor *d)
{
	const __u32 needed = CL_NEED_WRITE | CL_NEED_CONVERT | CL_NEED_FSYNC;
	struct cl_live_options live = { .ring_bytes = 1 << 16, .all_hooks = true };

	cl_hooks_choose(&d->features, CL_HOOKS_BEST, ~0U, &d->choices);
	cl_hooks_fill_report(&d->choices, &d->found);
	d->hooks = &d->found;
	if (cl_features_require(&d->features))
		return;
	if (cl_source_live_open(&live, &d->source)) {
		d->source = NULL;
		return;
	}
	d->hooks = d->source->ops->hooks(d->source);
	d->usable = !cl_hooks_missing(d->hooks, needed);
	if (!d->usable)
		cl_err("writes, conversions or fsyncs cannot be watched on this kernel");
}

int cmd_doctor(int argc, char **argv)
{
	struct doctor_options opt = {};
	struct doctor d = {};
	int err;

	err = cl_opt_parse(&spec, argc, argv, &opt, NULL);
	if (err)
		return err == CL_OPT_HELP ? CL_EXIT_OK : CL_EXIT_USAGE;
	signal(SIGPIPE, SIG_IGN);
	d.out = cl_out_new(stdout, opt.json ? "json" : "text");
	err = d.out ? cl_features_probe(&d.features) : -ENOMEM;
	if (err) {
		if (err == -ENOMEM)
			cl_err("out of memory");
		cl_out_free(d.out);
		return CL_EXIT_CANNOT_RUN;
	}
	examine(&d);
	print_kernel(&d);
	if (!opt.json)
		putchar('\n');
	print_hooks(&d);
	if (!opt.json)
		putchar('\n');
	cl_rules_print_decidable(d.out, d.hooks);
	if (!opt.json)
		putchar('\n');
	print_filesystems(&d);
	if (d.source)
		d.source->ops->close(d.source);
	cl_features_fini(&d.features);
	cl_out_free(d.out);
	return d.usable ? CL_EXIT_OK : CL_EXIT_CANNOT_RUN;
}
