// SPDX-License-Identifier: GPL-2.0
/* What a recording says of itself, out of its JSON. Nothing in it is trusted. */
#include <string.h>

#include <jansson.h>

#include "model/event_table.h"
#include "opt.h"
#include "record/about.h"
#include "util.h"

static json_t *parse(const void *json, size_t len, const char *type)
{
	json_t *root = json_loadb(json, len, 0, NULL);
	const char *said = json_string_value(json_object_get(root, "type"));

	if (said && !strcmp(said, type))
		return root;
	json_decref(root);
	return NULL;
}

static uint64_t u64_of(const json_t *object, const char *key)
{
	json_int_t v = json_integer_value(json_object_get(object, key));

	return v > 0 ? v : 0;
}

static uint32_t u32_of(const json_t *object, const char *key)
{
	uint64_t v = u64_of(object, key);

	return v > UINT32_MAX ? UINT32_MAX : v;
}

static const char *str_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static bool bool_of(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

static void copy(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from ? from : "");
}

/* One that a newer convlist knows and this one does not is nobody's need here. */
static __u32 needs_of(const json_t *names)
{
	const char *name;
	__u32 needs = 0;
	json_t *value;
	size_t i;
	int bit;

	json_array_foreach(names, i, value) {
		name = json_string_value(value);
		for (bit = 0; name && bit < CL_NEEDS; bit++)
			if (!strcmp(cl_need_name(1U << bit), name))
				needs |= 1U << bit;
	}
	return needs;
}

static enum cl_hook_how how_of(const char *name)
{
	unsigned int how;

	for (how = 0; name && how < CL_HOWS; how++)
		if (!strcmp(cl_how_name(how), name))
			return how;
	return CL_HOW_MISSING;
}

static const char *parse_hooks(struct cl_hooks_report *hooks, const json_t *array)
{
	json_t *value;
	size_t i;

	if (!json_is_array(array))
		return "it does not say what was hooked";
	if (json_array_size(array) > CL_HOOKS_MAX)
		return "it names more hooks than there can be";
	json_array_foreach(array, i, value) {
		const char *name = str_of(value, "hook");

		hooks->hook[i] = (struct cl_hook_state){
			.name = name ? name : "?",
			.target = str_of(value, "target"),
			.note = str_of(value, "note"),
			.how = how_of(str_of(value, "how")),
			.inferred = bool_of(value, "inferred"),
			.provides = needs_of(json_object_get(value, "provides")),
		};
	}
	hooks->nr = json_array_size(array);
	return NULL;
}

static void parse_filter(struct cl_config *f, const json_t *filter)
{
	const char *dev = str_of(filter, "dev"), *comm = str_of(filter, "comm");

	/* Numbers only: a name would be looked up on this machine. */
	if (dev && strspn(dev, "0123456789:") == strlen(dev) && strchr(dev, ':'))
		cl_parse_dev(dev, &f->dev);
	f->ino = u64_of(filter, "ino");
	f->tgid = u32_of(filter, "pid");
	if (comm) {
		copy(f->comm, sizeof(f->comm), comm);
		f->comm_len = strlen(f->comm) + 1;
	}
}

static const char *parse_command(struct cl_about *a, const json_t *command)
{
	json_t *value;
	size_t i;

	if (!json_is_array(command))
		return NULL;
	a->words = calloc(json_array_size(command) + 1, sizeof(*a->words));
	if (!a->words)
		return "out of memory";
	json_array_foreach(command, i, value)
		a->words[i] = json_is_string(value) ? json_string_value(value) : "?";
	a->command = a->words;
	return NULL;
}

static void parse_sizes(struct cl_about *a, const json_t *sizes)
{
	const struct cl_event_info *info;
	unsigned int kind;

	for (kind = 0; kind < CL_EV_KINDS; kind++) {
		info = cl_event_info(kind);
		a->size_bytes[kind] = info ? u32_of(sizes, info->name) : 0;
	}
}

const char *cl_about_parse(struct cl_about *a, const void *json, size_t len)
{
	json_t *root = parse(json, len, "recording");
	const char *wrong;

	memset(a, 0, sizeof(*a));
	if (!root)
		return "it does not say what it is";
	a->owner = root;
	a->convlist = str_of(root, "convlist");
	copy(a->started, sizeof(a->started), str_of(root, "started"));
	copy(a->hooks.kernel, sizeof(a->hooks.kernel), str_of(root, "kernel"));
	a->hooks.patched = bool_of(root, "patched");
	a->since_ns = u64_of(root, "since_ns");
	a->carried = u64_of(root, "carried");
	a->last_ns = u64_of(root, "last_ns");
	a->saved_for = str_of(root, "saved_for");
	a->incomplete = bool_of(root, "incomplete");
	a->ring_bytes = u64_of(root, "buffer_bytes");
	parse_filter(&a->filter, json_object_get(root, "filter"));
	parse_sizes(a, json_object_get(root, "record_bytes"));
	wrong = parse_hooks(&a->hooks, json_object_get(root, "hooks"));
	if (!wrong)
		wrong = parse_command(a, json_object_get(root, "command"));
	if (wrong)
		cl_about_free(a);
	return wrong;
}

void cl_about_free(struct cl_about *a)
{
	json_decref(a->owner);
	free(a->words);
	memset(a, 0, sizeof(*a));
}

const char *cl_about_end_parse(struct cl_about_end *e, const void *json, size_t len)
{
	json_t *root = parse(json, len, "recording_end"), *status, *code;

	memset(e, 0, sizeof(*e));
	if (!root)
		return "its end is none";
	e->full = bool_of(root, "full");
	e->run_ns = u64_of(root, "run_ns");
	e->records = u64_of(root, "records");
	status = json_object_get(root, "command_status");
	if (json_is_object(status)) {
		code = json_object_get(status, "exit");
		e->status.ran = true;
		e->status.signal = u32_of(status, "signal") & 0x7f;
		e->status.exit_status = -1;
		if (json_is_integer(code))
			e->status.exit_status = u32_of(status, "exit") & 0xff;
	}
	json_decref(root);
	return NULL;
}
