// SPDX-License-Identifier: GPL-2.0
/* A text file of facts as a source: one record a poll, so that order is exact. */
#include <errno.h>
#include <string.h>

#include "filter.h"
#include "log.h"
#include "source/source.h"
#include "source/vector.h"
#include "source/wanted.h"
#include "util.h"

struct vector {
	struct cl_source src;
	struct cl_hooks_report hooks;
	struct cl_config filter;
	FILE *file;
	char *name, *line;
	size_t line_size;
	unsigned long line_nr;
	struct cl_vector_parsed parsed;
	bool ahead;		/* parsed holds a record that was not handed over */
	bool records_began;
	bool stopped;
};

/* One hook that is all there is, and two that may be missing or infer. */
static void set_hooks(struct vector *v, __u32 missing, __u32 inferred, __u32 unwatched)
{
	const __u32 all = (1U << CL_NEEDS) - 1;

	v->hooks.hook[0] = (struct cl_hook_state){ .name = "test vector", .how = CL_HOW_TRACEPOINT,
						   .provides = all & ~(missing | inferred | unwatched) };
	v->hooks.hook[1] = (struct cl_hook_state){ .name = "missing in test vector",
						   .how = CL_HOW_MISSING, .provides = missing };
	v->hooks.hook[2] = (struct cl_hook_state){ .name = "inferred in test vector",
						   .how = CL_HOW_KPROBE, .inferred = true,
						   .provides = inferred };
	v->hooks.nr = 3;
}

/* The next record into v->parsed: 1, 0 at the end, or a negative errno. */
static int read_record(struct vector *v)
{
	ssize_t len;
	int kind;

	while ((len = getline(&v->line, &v->line_size, v->file)) >= 0) {
		v->line_nr++;
		kind = strlen(v->line) == (size_t)len ? cl_vector_parse(v->line, &v->parsed) : -EINVAL;
		if (kind == CL_VECTOR_HOOKS && v->records_began) {
			strcpy(v->parsed.error, "'hooks' comes before all facts");
			kind = -EINVAL;
		}
		if (kind < 0) {
			cl_err("%s:%lu: %s", v->name, v->line_nr,
			       v->parsed.error[0] ? v->parsed.error : "not a line of text");
			return kind;
		}
		if (kind == CL_VECTOR_HOOKS)
			set_hooks(v, v->parsed.missing, v->parsed.inferred, v->parsed.unwatched);
		if (kind == CL_VECTOR_RECORD) {
			v->records_began = true;
			return 1;
		}
	}
	if (ferror(v->file)) {
		cl_err("%s: %s", v->name, strerror(errno));
		return -EIO;
	}
	return 0;
}

static int vector_poll(struct cl_source *src, int timeout_ms, cl_record_fn fn, void *ctx)
{
	struct vector *v = container_of(src, struct vector, src);
	int err;

	if (v->stopped)
		return -ENODATA;
	do {
		err = v->ahead ? 1 : read_record(v);
		v->ahead = false;
		if (err < 0)
			return err;
		if (!err)
			return -ENODATA;
	} while (!cl_wanted(&v->filter, &v->parsed.event, v->parsed.len));
	err = fn(ctx, &v->parsed.event, v->parsed.len);
	return err < 0 ? err : 1;
}

static int vector_stop(struct cl_source *src)
{
	container_of(src, struct vector, src)->stopped = true;
	return 0;
}

static const struct cl_hooks_report *vector_hooks(struct cl_source *src)
{
	return &container_of(src, struct vector, src)->hooks;
}

static void vector_close(struct cl_source *src)
{
	struct vector *v = container_of(src, struct vector, src);

	if (v->file)
		fclose(v->file);
	free(v->line);
	free(v->name);
	free(v);
}

static const struct cl_source_ops vector_ops = {
	.name = "test vector",
	.poll = vector_poll,
	.stop = vector_stop,
	.hooks = vector_hooks,
	.close = vector_close,
};

int cl_source_vector_open(const char *path, const struct cl_config *filter, struct cl_source **src)
{
	struct vector *v = calloc(1, sizeof(*v));
	int err;

	if (!v)
		return -ENOMEM;
	v->src.ops = &vector_ops;
	v->src.some_tasks = cl_filter_by_task(filter);
	v->src.one_file = filter->ino;
	v->filter = *filter;
	strcpy(v->hooks.kernel, "test vector");
	set_hooks(v, 0, 0, 0);
	v->name = strdup(path);
	v->file = fopen(path, "re");
	if (!v->name || !v->file) {
		err = v->name ? -errno : -ENOMEM;
		cl_err("%s: %s", path, strerror(-err));
		goto fail;
	}
	/* Up to the first fact, since hooks are told before. */
	err = read_record(v);
	if (err < 0)
		goto fail;
	v->ahead = err;
	v->src.file = v->name;
	v->src.text = true;
	*src = &v->src;
	return 0;
fail:
	vector_close(&v->src);
	return err;
}
