// SPDX-License-Identifier: GPL-2.0
/*
 * Streams of possible facts in impossible orders, over few inodes, ids and
 * blocks, so that they meet: what the model and the rules make of them. A few
 * bytes a fact; tests/fuzz/README.md.
 */
#include <string.h>

#include "judging.h"
#include "model/event_table.h"
#include "output/output.h"

struct input {
	const uint8_t *p, *end;
	uint64_t ts;
};

static unsigned int byte(struct input *in)
{
	return in->p < in->end ? *in->p++ : 0;
}

static struct cl_hooks_report hooks = {
	.kernel = "fuzzed",
	.nr = 1,
	.hook = { { .name = "all", .how = CL_HOW_FENTRY, .provides = (1U << CL_NEEDS) - 1 } },
};

static const struct cl_hooks_report *get_hooks(struct cl_source *src)
{
	return &hooks;
}

static const struct cl_source_ops ops = { .name = "fuzzed", .hooks = get_hooks };

/* A small number in the place of most fields, by their types. */
static void fill(struct input *in, void *at, const struct cl_field *f)
{
	unsigned int v = byte(in);

	switch (f->type) {
	case CL_FIELD_U32:
		/* Around the wrap, for transactions. */
		*(__u32 *)at = (int8_t)v;
		break;
	case CL_FIELD_BOOL:
		*(__u32 *)at = v & 1;
		break;
	case CL_FIELD_ENUM:
		*(__u32 *)at = v % f->nr_names;
		break;
	case CL_FIELD_U64:
		*(__u64 *)at = strstr(f->name, "_bytes") ? (v % 16 + 1) * 1024 : v % 16 + 1;
		break;
	case CL_FIELD_S64:
		*(__s64 *)at = f->def ? (v & 1 ? f->def : v * 1024) : v % 32 * 1024;
		break;
	case CL_FIELD_TIME:
		*(__u64 *)at = v ? in->ts - (v - 1) % 64 : 0;
		break;
	case CL_FIELD_ERROR:
		*(__s32 *)at = v % 8 ? 0 : -5;
		break;
	case CL_FIELD_COMM:
		memset(at, 'a' + v % 3, 3);
		break;
	case CL_FIELD_DEV:
	case CL_FIELD_FLAGS:
	case CL_FIELD_PATH:
		break;
	}
}

static void fact(struct input *in, struct cl_model *m)
{
	union cl_any_event any = {};
	unsigned int op = byte(in), where = byte(in);
	const struct cl_event_info *info = cl_event_info(op % CL_EV_KINDS);
	const struct cl_field *f;

	if (!info)
		return;
	/* Time goes on, but for a step back now and then. */
	in->ts += where >> 5 == 7 ? -3 : where >> 5;
	any.e = (struct cl_event){
		.size_bytes = info->size_bytes,
		.kind = op % CL_EV_KINDS,
		.flags = (op & 0xe0) == 0xe0 ? CL_F_INFERRED : 0,
		.ts_ns = in->ts,
		.ino = 12 + (where & 3),
		.dev = where >> 2 & 1 ? 8 << 20 | 1 : 259 << 20,
		.generation = where >> 3 & 1,
		.tgid = where >> 4 & 1,
	};
	if (any.e.kind == CL_EV_PATH) {
		any.path.len_bytes = 1;
		any.path.path[0] = 'a' + byte(in) % 26;
		any.e.size_bytes += 2;
	} else {
		for (f = info->fields; f->name; f++)
			fill(in, any.bytes + f->offset, f);
	}
	cl_model_record(m, &any, any.e.size_bytes);
}

static void check(const struct cl_judging *j)
{
	const struct cl_counts *c = cl_model_counts(j->model);

	if (c->pending > c->listed ||
	    c->converted + cl_model_unconverted(j->model) > c->writes + c->writebacks ||
	    c->pending > c->pending_max || c->completed > c->writes)
		abort();
	if ((cl_model_lost(j->model) || c->malformed) &&
	    cl_rules_verdict(j->rules, j->model) < CL_VERDICT_INCONCLUSIVE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size, 1000000 };
	struct cl_source src = { .ops = &ops };
	static FILE *null;
	struct cl_judging j;
	struct cl_out *out;

	null = null ? null : fopen("/dev/null", "w");
	out = cl_out_new(null, "json");
	src.since_ns = byte(&in) & 1 ? 1000020 : 0;
	hooks.hook[0].inferred = byte(&in) % 16 == 1;
	if (!out || cl_judging_begin(&j, &src, out, 3))
		abort();
	while (in.p < in.end) {
		if (*in.p == 0xff) {
			in.p++;
			cl_judging_settle(&j);
		} else {
			fact(&in, j.model);
		}
	}
	cl_judging_settle(&j);
	check(&j);
	cl_rules_print(j.rules, j.model, (cl_out_block_begin(out, "end"), out));
	cl_out_end(out);
	cl_judging_end(&j);
	cl_out_free(out);
	return 0;
}
