// SPDX-License-Identifier: GPL-2.0
#include "btf_types.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "log.h"
#include "symbols.h"
#include "util.h"

#define TRACEPOINT "btf_trace_"
#define BTFS 3		/* vmlinux, and where they are modules ext4 and jbd2 */

/* What a name can be of. */
enum of { A_FUNC, A_STRUCT, A_TRACEPOINT };

/* A type with a name that is kept in the index. */
struct entry {
	const char *name;
	enum of of;
	unsigned int btf, id;
};

struct cl_types {
	struct btf *btf[BTFS];
	int module_fd[BTFS];	/* in the kernel; 0: not open */
	const char *file;
	/*
	 * A search by libbpf looks at each of a hundred thousand types. So each is looked
	 * at once, and those are kept that may be asked for; sorted.
	 */
	struct entry *entry;
	size_t nr, room;
};

struct found {
	const struct btf *btf;
	const struct btf_type *type;	/* NULL: there is none */
	unsigned int of_btf, id;
};

static const char *btf_file;

void cl_types_use_file(const char *file)
{
	btf_file = file;
}

/* 0, or a negative errno after a message. */
static int load_file(struct cl_types *t)
{
	char why[128];
	int err;

	t->btf[0] = btf__parse(btf_file, NULL);
	if (t->btf[0]) {
		t->file = btf_file;
		return 0;
	}
	err = -errno;
	libbpf_strerror(err, why, sizeof(why));
	cl_err("%s: no type information (BTF) can be read from it: %s", btf_file, why);
	/* libbpf has errors of its own beyond errno's. */
	return err < -__LIBBPF_ERRNO__START ? -EINVAL : err;
}

static const char *const modules[BTFS] = { [1] = "ext4", [2] = "jbd2" };

static void load_kernels(struct cl_types *t)
{
	if (access("/sys/kernel/btf/vmlinux", F_OK))
		return;
	t->btf[0] = btf__load_vmlinux_btf();
	for (unsigned int b = 1; b < BTFS && t->btf[0]; b++) {
		char path[64];

		snprintf(path, sizeof(path), "/sys/kernel/btf/%s", modules[b]);
		if (!access(path, F_OK))
			t->btf[b] = btf__load_module_btf(modules[b], t->btf[0]);
	}
}

/* How the names begin that are asked for. */
static bool is_kept(enum of of, const char *name)
{
	switch (of) {
	case A_FUNC:
		return cl_symbol_matters(name);
	case A_STRUCT:
		return !strncmp(name, "ext4_", 5) || !strncmp(name, "fprobe_", 7) ||
		       !strncmp(name, "bpf_kprobe_", 11);
	case A_TRACEPOINT:
		return !strncmp(name, TRACEPOINT, strlen(TRACEPOINT));
	}
	return false;
}

static const uint32_t kinds[] = {
	[A_FUNC] = BTF_KIND_FUNC,
	[A_STRUCT] = BTF_KIND_STRUCT,
	[A_TRACEPOINT] = BTF_KIND_TYPEDEF,
};

static int add(struct cl_types *t, const struct entry *e)
{
	if (t->nr == t->room) {
		size_t room = t->room ? t->room * 2 : 4096;
		struct entry *more = realloc(t->entry, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		t->entry = more;
		t->room = room;
	}
	t->entry[t->nr++] = *e;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return x->of != y->of ? (int)x->of - (int)y->of : strcmp(x->name, y->name);
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int by_name = compare_names(a, b);

	if (by_name)
		return by_name;
	return x->btf != y->btf ? (int)x->btf - (int)y->btf : (int)x->id - (int)y->id;
}

/* Its own types, without those of the one that it builds on. */
static int index_btf(struct cl_types *t, unsigned int b)
{
	const struct btf *base = btf__base_btf(t->btf[b]);
	unsigned int end = btf__type_cnt(t->btf[b]);
	struct entry e = { .btf = b };
	int err;

	for (e.id = base ? btf__type_cnt(base) : 1; e.id < end; e.id++) {
		const struct btf_type *type = btf__type_by_id(t->btf[b], e.id);
		uint32_t kind = btf_kind(type);

		for (e.of = 0; e.of < ARRAY_SIZE(kinds) && kinds[e.of] != kind; e.of++)
			;
		if (e.of == ARRAY_SIZE(kinds))
			continue;
		e.name = btf__str_by_offset(t->btf[b], type->name_off);
		err = is_kept(e.of, e.name) ? add(t, &e) : 0;
		if (err)
			return err;
	}
	return 0;
}

static int index_all(struct cl_types *t)
{
	int err = 0;

	for (unsigned int b = 0; b < BTFS && !err; b++)
		if (t->btf[b])
			err = index_btf(t, b);
	if (t->nr)
		qsort(t->entry, t->nr, sizeof(*t->entry), compare);
	return err;
}

int cl_types_load(struct cl_types **types)
{
	struct cl_types *t = calloc(1, sizeof(*t));
	int err = 0;

	if (!t)
		return -ENOMEM;
	if (btf_file)
		err = load_file(t);
	else
		load_kernels(t);
	err = err ?: index_all(t);
	if (err) {
		cl_types_free(t);
		return err;
	}
	*types = t;
	return 0;
}

void cl_types_free(struct cl_types *t)
{
	if (!t)
		return;
	free(t->entry);
	for (int b = BTFS - 1; b >= 0; b--) {	/* modules' types build on the first */
		if (t->module_fd[b])
			close(t->module_fd[b]);
		btf__free(t->btf[b]);
	}
	free(t);
}

bool cl_types_are_there(const struct cl_types *t)
{
	return t->btf[0];
}

const char *cl_types_file(const struct cl_types *t)
{
	return t->file;
}

/* Of several, the first. */
static struct found find(const struct cl_types *t, enum of of, const char *name)
{
	const struct entry key = { .name = name, .of = of }, *e = NULL;
	struct found found = {};
	int id = 0;

	if (!is_kept(of, name)) {
		for (unsigned int b = 0; b < BTFS && id <= 0; b++) {
			found.of_btf = b;
			id = t->btf[b] ? btf__find_by_name_kind(t->btf[b], name, kinds[of]) : 0;
		}
	} else if (t->nr) {
		e = bsearch(&key, t->entry, t->nr, sizeof(*t->entry), compare_names);
	}
	while (e && e > t->entry && !compare_names(e - 1, e))
		e--;
	if (e) {
		found.of_btf = e->btf;
		id = e->id;
	}
	if (id > 0) {
		found.id = id;
		found.btf = t->btf[found.of_btf];
		found.type = btf__type_by_id(found.btf, id);
	}
	return found;
}

bool cl_types_func(const struct cl_types *t, const char *name)
{
	return find(t, A_FUNC, name).type;
}

bool cl_types_fentry(const struct cl_types *t, const char *name)
{
	return !t->file && cl_types_func(t, name);
}

bool cl_types_struct(const struct cl_types *t, const char *name)
{
	return find(t, A_STRUCT, name).type;
}

static struct found find_tracepoint(const struct cl_types *t, const char *name)
{
	char type[128];

	snprintf(type, sizeof(type), TRACEPOINT "%s", name);
	return find(t, A_TRACEPOINT, type);
}

bool cl_types_tracepoint(const struct cl_types *t, const char *name)
{
	return find_tracepoint(t, name).type;
}

/* A typedef of a pointer to a function, whose first parameter is the probe's own. */
static struct found tracepoint_proto(const struct cl_types *t, const char *name)
{
	struct found found = find_tracepoint(t, name);

	for (int depth = 0; found.type && !btf_is_func_proto(found.type); depth++) {
		bool leads_on = btf_is_mod(found.type) || btf_is_ptr(found.type) ||
				btf_is_typedef(found.type);

		found.type = leads_on && depth < 8 ? btf__type_by_id(found.btf, found.type->type)
						   : NULL;
	}
	return found;
}

unsigned int cl_types_tracepoint_args(const struct cl_types *t, const char *name)
{
	const struct btf_type *proto = tracepoint_proto(t, name).type;

	return proto && btf_vlen(proto) ? btf_vlen(proto) - 1 : 0;
}

unsigned int cl_types_func_args(const struct cl_types *t, const char *name)
{
	struct found func = find(t, A_FUNC, name);

	return func.type ? btf_vlen(btf__type_by_id(func.btf, func.type->type)) : 0;
}

bool cl_types_tracepoint_pointer(const struct cl_types *t, const char *name, unsigned int arg)
{
	struct found proto = tracepoint_proto(t, name);
	const struct btf_type *type;

	if (!proto.type || arg + 1 >= btf_vlen(proto.type))
		return false;
	type = btf__type_by_id(proto.btf, btf_params(proto.type)[arg + 1].type);
	return type && btf_is_ptr(type);
}

/* Those of a module have an id of their own, which only a look at all of them tells. */
static int open_module_btf(const char *module)
{
	__u32 id = 0;

	while (!bpf_btf_get_next_id(id, &id)) {
		int fd __cleanup_fd = bpf_btf_get_fd_by_id(id);
		int found;
		char name[64] = "";
		struct bpf_btf_info info = { .name = (uintptr_t)name, .name_len = sizeof(name) };
		__u32 size = sizeof(info);

		if (fd < 0 || bpf_obj_get_info_by_fd(fd, &info, &size))
			continue;
		if (!info.kernel_btf || strcmp(name, module))
			continue;
		found = fd;
		fd = -1;
		return found;
	}
	return -errno;
}

static int target_of(struct cl_types *t, const struct found *found, struct cl_types_target *target)
{
	int *fd = &t->module_fd[found->of_btf];

	if (!found->type)
		return -ESRCH;
	if (found->of_btf && !*fd) {
		int opened = open_module_btf(modules[found->of_btf]);

		if (opened < 0)
			return opened;
		*fd = opened;
	}
	*target = (struct cl_types_target){ .id = found->id, .btf_fd = *fd };
	return 0;
}

int cl_types_func_target(struct cl_types *t, const char *name, struct cl_types_target *target)
{
	struct found found = find(t, A_FUNC, name);

	return target_of(t, &found, target);
}

int cl_types_tracepoint_target(struct cl_types *t, const char *name,
			       struct cl_types_target *target)
{
	struct found found = find_tracepoint(t, name);

	return target_of(t, &found, target);
}
