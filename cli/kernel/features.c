// SPDX-License-Identifier: GPL-2.0
#include "features.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "bpf_log.h"
#include "log.h"
#include "preempt.h"
#include "util.h"

#define CAP_SYS_ADMIN_BIT 21
#define CAP_PERFMON_BIT 38
#define CAP_BPF_BIT 39

static bool exists(const char *path)
{
	struct stat st;

	return !stat(path, &st);
}

static bool may_load(void)
{
	FILE *f __cleanup_file = fopen("/proc/self/status", "re");
	unsigned long long caps = 0;
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "CapEff: %llx", &caps) == 1)
			break;
	if (caps & (1ULL << CAP_SYS_ADMIN_BIT))
		return true;
	return (caps & (1ULL << CAP_BPF_BIT)) && (caps & (1ULL << CAP_PERFMON_BIT));
}

/* "none [integrity] confidentiality": the one in brackets holds. */
static void read_lockdown(char *to, size_t size)
{
	FILE *f __cleanup_file = fopen("/sys/kernel/security/lockdown", "re");
	char line[128], *open, *close;

	to[0] = 0;
	if (!f || !fgets(line, sizeof(line), f))
		return;
	open = strchr(line, '[');
	close = open ? strchr(open, ']') : NULL;
	if (!close)
		return;
	*close = 0;
	snprintf(to, size, "%s", open + 1);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All hooks are in functions of these names; the rest of the table is not kept. */
static bool may_matter(const char *name)
{
	return strstr(name, "ext4") || strstr(name, "aio_") || strstr(name, "jbd2") ||
	       strstr(name, "file_write_and_wait") || strstr(name, "blkdev_issue_flush") ||
	       strstr(name, "iomap_dio") || strstr(name, "submit_bh") || strstr(name, "bh_submit");
}

static int read_symbols(struct cl_features *f)
{
	FILE *file __cleanup_file = fopen("/proc/kallsyms", "re");
	char line[512];
	size_t room = 0;

	/* "ffffffff81000000 t name", and behind a tab the module; many thousands of them. */
	while (file && fgets(line, sizeof(line), file)) {
		char *type = strchr(line, ' '), *name;

		if (!type || (type[1] != 't' && type[1] != 'T') || type[2] != ' ')
			continue;
		name = type + 3;
		name[strcspn(name, "\t\n ")] = 0;
		if (!may_matter(name))
			continue;
		if (f->nr_symbols == room) {
			size_t want = room ? room * 2 : 1024;
			char **more = realloc(f->symbols, want * sizeof(*more));

			if (!more)
				return -ENOMEM;
			f->symbols = more;
			room = want;
		}
		f->symbols[f->nr_symbols] = strdup(name);
		if (!f->symbols[f->nr_symbols])
			return -ENOMEM;
		f->nr_symbols++;
	}
	if (f->nr_symbols)
		qsort(f->symbols, f->nr_symbols, sizeof(*f->symbols), compare_names);
	return 0;
}

static const char *btf_file;

void cl_features_use_btf(const char *file)
{
	btf_file = file;
}

/* 0, or a negative errno after a message. */
static int load_btf_file(struct cl_features *f)
{
	f->btfs[0] = btf__parse(btf_file, NULL);
	if (!f->btfs[0]) {
		int err = -errno;
		char why[128];

		libbpf_strerror(err, why, sizeof(why));
		cl_err("%s: no type information (BTF) can be read from it: %s", btf_file, why);
		/* libbpf has errors of its own beyond errno's. */
		return err < -__LIBBPF_ERRNO__START ? -EINVAL : err;
	}
	f->btf = true;
	f->btf_file = btf_file;
	return 0;
}

static void load_btfs(struct cl_features *f)
{
	static const char *const modules[] = { "ext4", "jbd2" };

	if (!exists("/sys/kernel/btf/vmlinux"))
		return;
	f->btfs[0] = btf__load_vmlinux_btf();
	if (!f->btfs[0])
		return;
	f->btf = true;
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/sys/kernel/btf/%s", modules[i]);
		if (exists(path))
			f->btfs[i + 1] = btf__load_module_btf(modules[i], f->btfs[0]);
	}
}

static bool known_to_btf(const struct cl_features *f, const char *name, uint32_t kind)
{
	for (size_t i = 0; i < CL_BTFS; i++)
		if (f->btfs[i] && btf__find_by_name_kind(f->btfs[i], name, kind) > 0)
			return true;
	return false;
}

bool cl_features_btf_func(const struct cl_features *f, const char *name)
{
	return !f->btf_file && known_to_btf(f, name, BTF_KIND_FUNC);
}

bool cl_features_tracepoint(const struct cl_features *f, const char *name)
{
	char type[128];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	return known_to_btf(f, type, BTF_KIND_TYPEDEF);
}

/* A typedef of a pointer to a function, whose first parameter is the probe's own. */
static const struct btf_type *tracepoint_proto(const struct cl_features *f, const char *name,
					       const struct btf **btf)
{
	char type[128];

	snprintf(type, sizeof(type), "btf_trace_%s", name);
	for (size_t i = 0; i < CL_BTFS; i++) {
		int id = f->btfs[i] ? btf__find_by_name_kind(f->btfs[i], type, BTF_KIND_TYPEDEF) : 0;
		const struct btf_type *t = id > 0 ? btf__type_by_id(f->btfs[i], id) : NULL;

		*btf = f->btfs[i];
		for (int depth = 0; t && depth < 8; depth++) {
			if (btf_is_func_proto(t))
				return t;
			t = btf_is_mod(t) || btf_is_ptr(t) || btf_is_typedef(t) ?
				    btf__type_by_id(f->btfs[i], t->type) : NULL;
		}
	}
	return NULL;
}

unsigned int cl_features_tracepoint_args(const struct cl_features *f, const char *name)
{
	const struct btf *btf;
	const struct btf_type *proto = tracepoint_proto(f, name, &btf);

	return proto && btf_vlen(proto) ? btf_vlen(proto) - 1 : 0;
}

unsigned int cl_features_func_args(const struct cl_features *f, const char *name)
{
	for (size_t i = 0; i < CL_BTFS; i++) {
		int id = f->btfs[i] ? btf__find_by_name_kind(f->btfs[i], name, BTF_KIND_FUNC) : 0;
		const struct btf_type *func = id > 0 ? btf__type_by_id(f->btfs[i], id) : NULL;

		if (func)
			return btf_vlen(btf__type_by_id(f->btfs[i], func->type));
	}
	return 0;
}

bool cl_features_tracepoint_pointer(const struct cl_features *f, const char *name, unsigned int arg)
{
	const struct btf *btf;
	const struct btf_type *proto = tracepoint_proto(f, name, &btf), *t;

	if (!proto || arg + 1 >= btf_vlen(proto))
		return false;
	t = btf__type_by_id(btf, btf_params(proto)[arg + 1].type);
	return t && btf_is_ptr(t);
}

bool cl_features_struct(const struct cl_features *f, const char *name)
{
	return known_to_btf(f, name, BTF_KIND_STRUCT);
}

/*
 * clang's ".llvm.<hash>" is a static function made unique: its arguments are
 * what they were. gcc's ".isra.", ".constprop." and ".part." have others, and a
 * program that reads the first argument would read something else.
 */
const char *cl_features_kprobe(const struct cl_features *f, const char *name, const char **changed)
{
	size_t len = strlen(name);

	*changed = NULL;
	if (f->nr_symbols &&
	    bsearch(&name, f->symbols, f->nr_symbols, sizeof(*f->symbols), compare_names))
		return name;
	for (size_t i = 0; i < f->nr_symbols; i++) {
		const char *symbol = f->symbols[i];

		if (strncmp(symbol, name, len) || symbol[len] != '.')
			continue;
		if (!strncmp(symbol + len, ".llvm.", 6))
			return symbol;
		if (!strstr(symbol + len, ".cold"))
			*changed = symbol;
	}
	return NULL;
}

static bool filesystem_known(const char *wanted)
{
	FILE *f __cleanup_file = fopen("/proc/filesystems", "re");
	char line[128], name[64];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "nodev %63s", name) != 1 && sscanf(line, "%63s", name) == 1 &&
		    !strcmp(name, wanted))
			return true;
	return false;
}

/*
 * Nothing of a module can be hooked before it is there. Asking for a file system
 * of the type makes the kernel load it, as a mount would.
 */
static void load_ext4(void)
{
	int fd __cleanup_fd = -1;

	if (!filesystem_known("ext4"))
		fd = syscall(SYS_fsopen, "ext4", 1 /* FSOPEN_CLOEXEC */);
}

/* The environment's CONVLIST_BPF=basic: as if it were so, to try that out. */
static bool has_basic_bpf(void)
{
	const char *asked = getenv("CONVLIST_BPF");

	return (asked && !strcmp(asked, "basic")) ||
	       !libbpf_probe_bpf_helper(BPF_PROG_TYPE_KPROBE, BPF_FUNC_loop, NULL);
}

int cl_features_probe(struct cl_features *f)
{
	const char *changed;
	struct utsname u = {};
	int err;

	cl_bpf_log_init();
	memset(f, 0, sizeof(*f));
	if (!uname(&u))
		snprintf(f->release, sizeof(f->release), "%s", u.release);
	f->may_load = may_load();
	if (f->may_load)
		load_ext4();
	f->aio = exists("/proc/sys/fs/aio-max-nr");
	read_lockdown(f->lockdown, sizeof(f->lockdown));
	err = read_symbols(f);
	if (err) {
		cl_features_fini(f);
		return err;
	}
	if (btf_file) {
		err = load_btf_file(f);
		if (err) {
			cl_features_fini(f);
			return err;
		}
	} else {
		load_btfs(f);
	}
	f->ext4_module = exists("/sys/module/ext4/initstate");
	f->ext4_btf = cl_features_struct(f, "ext4_inode_info");
	f->ext4 = f->ext4_btf || f->ext4_module ||
		  cl_features_kprobe(f, "ext4_sync_file", &changed);
	f->patched = cl_features_struct(f, "ext4_aio_dio") ||
		     cl_features_tracepoint(f, "ext4_aio_dio_listed");
	f->atomic_writes = cl_features_btf_func(f, "ext4_convert_unwritten_extents_atomic") ||
			   cl_features_kprobe(f, "ext4_convert_unwritten_extents_atomic", &changed);
	f->io_uring = known_to_btf(f, "io_write", BTF_KIND_FUNC);
	f->basic_bpf = f->may_load && has_basic_bpf();
	f->preempts = cl_kernel_preempts(u.version);
	/* Since 6.14 a task keeps the returns that are probed on a stack of its own. */
	f->own_returns = cl_features_struct(f, "fprobe_hlist") &&
			 cl_features_struct(f, "bpf_kprobe_multi_link");
	return 0;
}

void cl_features_fini(struct cl_features *f)
{
	for (size_t i = 0; i < f->nr_symbols; i++)
		free(f->symbols[i]);
	free(f->symbols);
	f->symbols = NULL;
	f->nr_symbols = 0;
	for (int i = CL_BTFS - 1; i >= 0; i--) {	/* modules' types build on the first */
		btf__free(f->btfs[i]);
		f->btfs[i] = NULL;
	}
}

int cl_features_require(const struct cl_features *f)
{
	if (!f->may_load) {
		cl_err("BPF needs root, or CAP_BPF and CAP_PERFMON: run it with sudo");
		return -EPERM;
	}
	if (!strcmp(f->lockdown, "confidentiality")) {
		cl_err("the kernel is locked down (confidentiality) and refuses BPF tracing");
		return -EPERM;
	}
	if (!f->btf) {
		cl_err("kernel %s has no type information (BTF): it needs CONFIG_DEBUG_INFO_BTF=y, "
		       "or a file that has it: convlist --btf FILE",
		       f->release);
		return -ENOTSUP;
	}
	if (!f->ext4) {
		cl_err("the kernel has no ext4, and could not load it: try 'modprobe ext4'");
		return -ENOTSUP;
	}
	if (!f->ext4_btf && f->btf_file) {
		cl_err("%s knows nothing of ext4: its module's types must be in it as well",
		       f->btf_file);
		return -ENOTSUP;
	}
	if (!f->ext4_btf) {
		cl_err("the ext4 module has no type information (BTF): "
		       "the kernel needs CONFIG_DEBUG_INFO_BTF_MODULES=y (Linux 5.11), or a file "
		       "that has it: convlist --btf FILE");
		return -ENOTSUP;
	}
	return 0;
}
