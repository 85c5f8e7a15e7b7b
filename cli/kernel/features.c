// SPDX-License-Identifier: GPL-2.0
#include "features.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

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

/*
 * ext4 calls the function from another of its files, so where ext4's types are known, it is
 * among them. If it were not for all that: a write that is announced and not converted counts
 * as a loss (data_done() in dio.bpf.c).
 */
static bool has_atomic_writes(const struct cl_features *f)
{
	static const char convert[] = "ext4_convert_unwritten_extents_atomic";
	const char *changed;

	if (f->ext4_types && !cl_types_file(f->types))
		return cl_types_func(f->types, convert);
	return cl_symbols_find(f->symbols, convert, &changed);
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
	f->symbols = calloc(1, sizeof(*f->symbols));
	err = f->symbols ? cl_types_load(&f->types) : -ENOMEM;
	if (err) {
		cl_features_fini(f);
		return err;
	}
	f->own_types = exists("/sys/kernel/btf/vmlinux");
	f->ext4_module = exists("/sys/module/ext4/initstate");
	f->ext4_types = cl_types_struct(f->types, "ext4_inode_info");
	f->ext4 = f->ext4_types || f->ext4_module ||
		  cl_symbols_find(f->symbols, "ext4_sync_file", &changed);
	f->patched = cl_types_struct(f->types, "ext4_aio_dio") ||
		     cl_types_tracepoint(f->types, "ext4_aio_dio_listed");
	f->atomic_writes = has_atomic_writes(f);
	f->io_uring = cl_types_func(f->types, "io_write");
	f->basic_bpf = f->may_load && has_basic_bpf();
	f->preempts = cl_kernel_preempts(u.version);
	/* Since 6.14 a task keeps the returns that are probed on a stack of its own. */
	f->own_returns = cl_types_struct(f->types, "fprobe_hlist") &&
			 cl_types_struct(f->types, "bpf_kprobe_multi_link");
	return 0;
}

void cl_features_fini(struct cl_features *f)
{
	if (f->symbols)
		cl_symbols_free(f->symbols);
	free(f->symbols);
	cl_types_free(f->types);
	f->symbols = NULL;
	f->types = NULL;
}

int cl_features_require(const struct cl_features *f)
{
	const char *changed;

	if (!f->may_load) {
		cl_err("BPF needs root, or CAP_BPF and CAP_PERFMON: run it with sudo");
		return -EPERM;
	}
	if (!strcmp(f->lockdown, "confidentiality")) {
		cl_err("the kernel is locked down (confidentiality) and refuses BPF tracing");
		return -EPERM;
	}
	if (!cl_types_are_there(f->types)) {
		cl_err("kernel %s has no type information (BTF): it needs CONFIG_DEBUG_INFO_BTF=y, "
		       "or a file that has it: convlist --btf FILE",
		       f->release);
		return -ENOTSUP;
	}
	if (!f->ext4) {
		cl_err("the kernel has no ext4, and could not load it: try 'modprobe ext4'");
		return -ENOTSUP;
	}
	if (!f->ext4_types && cl_types_file(f->types)) {
		cl_err("%s knows nothing of ext4: its module's types must be in it as well",
		       cl_types_file(f->types));
		return -ENOTSUP;
	}
	if (!f->patched && cl_types_file(f->types) &&
	    cl_symbols_find(f->symbols, "flush_aio_dio_completed_IO", &changed)) {
		cl_err("%s is not of this kernel: the kernel has the conversion list, the file does not",
		       cl_types_file(f->types));
		return -ENOTSUP;
	}
	if (!f->ext4_types) {
		cl_err("the ext4 module has no type information (BTF): "
		       "the kernel needs CONFIG_DEBUG_INFO_BTF_MODULES=y (Linux 5.11), or a file "
		       "that has it: convlist --btf FILE");
		return -ENOTSUP;
	}
	return 0;
}
