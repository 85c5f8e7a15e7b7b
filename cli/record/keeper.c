// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <string.h>

#include "judging.h"
#include "log.h"
#include "output/output.h"
#include "record/flight.h"
#include "record/keeper.h"
#include "record/writer.h"

#define FLUSH_NS 1000000000ULL
#define AFTERMATH_NS 1000000000ULL	/* what became of it is worth knowing */
#define VIOLATIONS_PRINTED 20

struct cl_keeper {
	struct cl_keeper_options opt;
	struct cl_source *source;
	struct cl_out *out;
	struct cl_judging judging;
	struct cl_flight *flight;
	struct cl_writer *writer;
	uint64_t begin_ns;
	uint64_t violations;		/* seen so far, of this judging */
	uint64_t due_ns;		/* a rule was broken: save then; 0: none was */
	uint64_t quiet_until_ns;	/* what a rule finds is saved by then anyway */
	uint64_t saves, rule_saves, lost, bytes;
	struct cl_about_end end;
	bool told_enough, told_short;
	int error;			/* no use going on */
	int save_error;			/* the first one */
};

static const char *const whys[] = {
	[CL_SAVE_RULE] = "rule",
	[CL_SAVE_ASKED] = "signal",
	[CL_SAVE_END] = "end",
};

int cl_keeper_open(const struct cl_keeper_options *opt, struct cl_source *src, struct cl_out *out,
		   struct cl_keeper **keeper)
{
	struct cl_keeper *k = calloc(1, sizeof(*k));
	uint64_t flush_ns = opt->about.last_ns / 8;
	int err;

	if (!k) {
		cl_err("out of memory");
		return -ENOMEM;
	}
	k->opt = *opt;
	k->source = src;
	k->out = out;
	k->begin_ns = cl_now_ns();
	k->flight = cl_flight_new(opt->about.last_ns, opt->memory_bytes);
	if (k->flight)
		k->writer = cl_writer_new(flush_ns < FLUSH_NS ? flush_ns : FLUSH_NS, cl_flight_add,
					  k->flight);
	if (!k->writer) {
		cl_err("out of memory");
		err = -ENOMEM;
	} else {
		err = cl_judging_begin(&k->judging, src, out, VIOLATIONS_PRINTED);
	}
	if (err) {
		cl_keeper_close(k);
		return err;
	}
	cl_flight_restart(k->flight, k->judging.model, src->since_ns);
	*keeper = k;
	return 0;
}

void cl_keeper_close(struct cl_keeper *k)
{
	if (!k)
		return;
	cl_writer_free(k->writer);
	cl_flight_free(k->flight);
	cl_judging_end(&k->judging);
	free(k);
}

int cl_keeper_record(struct cl_keeper *k, const void *record, size_t len)
{
	int err = k->error ? k->error : cl_writer_record(k->writer, record, len);

	return err ? err : cl_model_record(k->judging.model, record, len);
}

/*
 * After a loss no rule says anything certain, now or later. What comes from here
 * on is as good as what comes after a start.
 */
static void start_anew(struct cl_keeper *k)
{
	uint64_t lost = cl_model_lost(k->judging.model);
	struct cl_judging fresh;

	if (k->due_ns)
		cl_keeper_save(k, CL_SAVE_RULE);
	if (lost)
		cl_warn("%llu facts were lost: what was kept goes, and the stretch begins anew",
			(unsigned long long)lost);
	else
		cl_warn("what came in cannot be followed: what was kept goes, and the stretch "
			"begins anew");
	k->lost += lost;
	k->source->since_ns = cl_now_ns();
	k->error = cl_judging_begin(&fresh, k->source, k->out, VIOLATIONS_PRINTED);
	if (!k->error)
		k->error = cl_writer_flush(k->writer);
	if (k->error)
		return;
	cl_flight_restart(k->flight, fresh.model, k->source->since_ns);
	cl_judging_end(&k->judging);
	k->judging = fresh;
	k->violations = 0;
}

static void look_for_violations(struct cl_keeper *k, uint64_t now)
{
	uint64_t n = cl_rules_violations(k->judging.rules);

	if (n == k->violations)
		return;
	k->violations = n;
	if (k->due_ns || now < k->quiet_until_ns)
		return;
	if (k->rule_saves < k->opt.saves) {
		k->due_ns = now + AFTERMATH_NS;
	} else if (!k->told_enough) {
		k->told_enough = true;
		cl_warn("rules are still broken; %llu stretches of that are saved, no more will be",
			(unsigned long long)k->rule_saves);
	}
}

void cl_keeper_settle(struct cl_keeper *k)
{
	uint64_t now = cl_now_ns();

	if (k->error)
		return;
	k->error = cl_writer_settle(k->writer);
	cl_judging_settle(&k->judging);
	look_for_violations(k, now);
	if (k->due_ns && now >= k->due_ns)
		cl_keeper_save(k, CL_SAVE_RULE);
	if (cl_model_doubts(k->judging.model))
		start_anew(k);
	else if (!k->due_ns && !k->error)
		k->error = cl_flight_age(k->flight);
	if (cl_flight_short(k->flight) && !k->told_short) {
		k->told_short = true;
		cl_warn("there is more going on than fits into --memory: less than --last is kept");
	}
}

static void print_saved(const struct cl_keeper *k, const char *path, enum cl_save_why why)
{
	cl_out_block_begin(k->out, "saved");
	cl_out_str(k->out, "file", path);
	cl_out_str(k->out, "saved_for", whys[why]);
	cl_out_u64(k->out, "stored_bytes", k->bytes);
	cl_out_end(k->out);
}

static int save_as(struct cl_keeper *k, const char *path, enum cl_save_why why)
{
	struct cl_about about = k->opt.about;
	int err;

	/* What it is saved for comes first. */
	cl_judging_tell(&k->judging);
	err = cl_writer_flush(k->writer);
	if (err) {
		cl_err("%s: %s", path, strerror(-err));
		return err;
	}
	about.hooks = *k->source->ops->hooks(k->source);
	about.saved_for = whys[why];
	err = cl_flight_save(k->flight, path, &about, &k->end, &k->bytes);
	if (!err)
		print_saved(k, path, why);
	return err;
}

int cl_keeper_save(struct cl_keeper *k, enum cl_save_why why)
{
	char *path = NULL;
	int err;

	if (why != CL_SAVE_END)
		k->end.run_ns = cl_now_ns() - k->begin_ns;
	if (why == CL_SAVE_END)
		err = save_as(k, k->opt.path, k->due_ns ? CL_SAVE_RULE : why);
	else if (asprintf(&path, "%s.%llu", k->opt.path, (unsigned long long)++k->saves) < 0)
		err = -ENOMEM;
	else
		err = save_as(k, path, why);
	free(path);
	if (why == CL_SAVE_RULE || k->due_ns) {
		k->rule_saves++;
		k->due_ns = 0;
		k->quiet_until_ns = cl_now_ns() + k->opt.about.last_ns;
	}
	if (err && !k->save_error)
		k->save_error = err;
	return err;
}

int cl_keeper_end(struct cl_keeper *k, struct cl_about_end *end, uint64_t *bytes)
{
	k->end = *end;
	cl_keeper_save(k, CL_SAVE_END);
	*end = k->end;
	*bytes = k->bytes;
	return k->error ? k->error : k->save_error;
}

const struct cl_model *cl_keeper_model(const struct cl_keeper *k)
{
	return k->judging.model;
}

uint64_t cl_keeper_lost(const struct cl_keeper *k)
{
	return k->lost;
}

uint64_t cl_keeper_saves(const struct cl_keeper *k)
{
	return k->saves;
}
