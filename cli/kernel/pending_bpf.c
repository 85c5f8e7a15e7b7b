// SPDX-License-Identifier: GPL-2.0
#include "pending_bpf.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

#include <bpf/libbpf.h>

#include "pending.skel.h"

#include "bpf_log.h"
#include "features.h"
#include "sections.h"
#include "log.h"
#include "util.h"

#define INODES_FIRST 1024
#define ENTRIES_FIRST 65536
#define INODES_MOST (1U << 17)
#define ENTRIES_MOST (1U << 22)

/* A list that changes while it is read is read again, this often. */
#define TRIES 20

struct cl_pending {
	struct cl_features features;
	struct pending_bpf *skel;
	struct bpf_link *link;
	__u32 max_inodes, max_entries;
	struct cl_pending_inode *inodes;	/* mapped */
	struct cl_pending_entry *entries;
};

static void unload(struct cl_pending *p)
{
	if (p->inodes)
		munmap(p->inodes, (size_t)p->max_inodes * sizeof(*p->inodes));
	if (p->entries)
		munmap(p->entries, (size_t)p->max_entries * sizeof(*p->entries));
	p->inodes = NULL;
	p->entries = NULL;
	bpf_link__destroy(p->link);
	p->link = NULL;
	pending_bpf__destroy(p->skel);
	p->skel = NULL;
}

static void *map_table(const struct bpf_map *map, size_t bytes)
{
	void *table = mmap(NULL, bytes, PROT_READ, MAP_SHARED, bpf_map__fd(map), 0);

	return table == MAP_FAILED ? NULL : table;
}

static int load_with(struct cl_pending *p, bool fentry)
{
	LIBBPF_OPTS(bpf_object_open_opts, open, .btf_custom_path = cl_types_file(p->features.types));
	int err = cl_sections_use(p->features.types);
	struct pending_bpf *skel;
	const char *changed;
	struct stat ns;

	if (err)
		return err;
	skel = pending_bpf__open_opts(&open);
	if (!skel)
		return -errno;
	p->skel = skel;
	if (stat("/proc/self/ns/pid", &ns))
		return -errno;
	skel->rodata->cl_ns_dev = ns.st_dev;
	skel->rodata->cl_ns_ino = ns.st_ino;
	skel->rodata->cl_tgid = getpid();
	skel->rodata->cl_max_inodes = p->max_inodes;
	skel->rodata->cl_max_entries = p->max_entries;
	bpf_map__set_max_entries(skel->maps.cl_inodes, p->max_inodes);
	bpf_map__set_max_entries(skel->maps.cl_entries, p->max_entries);
	bpf_program__set_autoload(skel->progs.ext4_statfs__fentry, fentry);
	bpf_program__set_autoload(skel->progs.ext4_statfs__kprobe, !fentry);
	err = pending_bpf__load(skel);
	if (err)
		return err;
	p->inodes = map_table(skel->maps.cl_inodes, p->max_inodes * sizeof(*p->inodes));
	p->entries = map_table(skel->maps.cl_entries, p->max_entries * sizeof(*p->entries));
	if (!p->inodes || !p->entries)
		return -errno;
	if (fentry)
		p->link = bpf_program__attach(skel->progs.ext4_statfs__fentry);
	else
		p->link = bpf_program__attach_kprobe(skel->progs.ext4_statfs__kprobe, false,
						     cl_symbols_find(p->features.symbols, "ext4_statfs",
									&changed));
	return p->link ? 0 : -errno;
}

static bool wants_kprobe(void)
{
	const char *class = getenv("CONVLIST_HOOKS");

	return class && !strcmp(class, "kprobe");
}

static int load(struct cl_pending *p)
{
	const char *changed;
	int err = -ENOTSUP;

	if (cl_types_fentry(p->features.types, "ext4_statfs") && !wants_kprobe()) {
		err = load_with(p, true);
		if (!err)
			return 0;
		unload(p);
	}
	if (cl_symbols_find(p->features.symbols, "ext4_statfs", &changed)) {
		err = load_with(p, false);
		if (err)
			unload(p);
	}
	return err;
}

int cl_pending_open(struct cl_pending **pending)
{
	struct cl_pending *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return -ENOMEM;
	p->max_inodes = INODES_FIRST;
	p->max_entries = ENTRIES_FIRST;
	err = cl_features_probe(&p->features);
	if (!err)
		err = cl_features_require(&p->features);
	if (!err && p->features.basic_bpf) {
		cl_err("the lists cannot be walked on kernel %s: its BPF has no bpf_loop (Linux 5.17)",
		       p->features.release);
		err = -ENOTSUP;
	} else if (!err) {
		err = load(p);
		if (err == -ENOTSUP)
			cl_err("ext4_statfs, by which the lists are reached, cannot be hooked on "
			       "kernel %s", p->features.release);
		else if (err)
			cl_err("the BPF program cannot be loaded: %s (see --debug)",
			       strerror(-err));
	}
	if (err) {
		cl_pending_close(p);
		return err;
	}
	*pending = p;
	return 0;
}

void cl_pending_close(struct cl_pending *p)
{
	if (!p)
		return;
	unload(p);
	cl_features_fini(&p->features);
	free(p);
}

/* -E2BIG: the tables were too small, and are larger now. */
static int grow(struct cl_pending *p, __u32 inodes, __u32 entries)
{
	__u32 max_inodes = p->max_inodes, max_entries = p->max_entries;

	/* Twice what was needed: it may be more the next time. */
	while (max_inodes < inodes * 2ULL && max_inodes < INODES_MOST)
		max_inodes *= 2;
	while (max_entries < entries * 2ULL && max_entries < ENTRIES_MOST)
		max_entries *= 2;
	if (max_inodes == p->max_inodes && max_entries == p->max_entries)
		return 0;
	unload(p);
	p->max_inodes = max_inodes;
	p->max_entries = max_entries;
	return load(p) ?: -E2BIG;
}

static int read_once(struct cl_pending *p, const char *mount_point, __u32 dev,
		     struct cl_pending_view *view)
{
	struct pending_bpf__bss *bss = p->skel->bss;
	struct statfs st;

	memset(view, 0, sizeof(*view));
	memset(bss, 0, sizeof(*bss));
	if (statfs(mount_point, &st))
		return -errno;
	/* Not run: another task was preempted within the program, on the same CPU. */
	if (!bss->cl_dev)
		return -EAGAIN;
	if (bss->cl_dev != dev)
		return -ENODEV;
	if (bss->cl_nr_inodes > p->max_inodes || bss->cl_nr_entries > p->max_entries) {
		int err = grow(p, bss->cl_nr_inodes, bss->cl_nr_entries);

		if (err)
			return err;
		view->lost = true;
	}
	view->inodes = p->inodes;
	view->nr_inodes = bss->cl_nr_inodes < p->max_inodes ? bss->cl_nr_inodes : p->max_inodes;
	view->entries = p->entries;
	view->nr_entries = bss->cl_nr_entries < p->max_entries ? bss->cl_nr_entries :
								 p->max_entries;
	view->walked = bss->cl_walked;
	view->torn = bss->cl_torn;
	for (size_t i = 0; i < view->nr_inodes; i++)
		view->torn |= view->inodes[i].flags & CL_PENDING_TORN;
	return 0;
}

int cl_pending_read(struct cl_pending *p, const char *mount_point, __u32 dev,
		    struct cl_pending_view *view)
{
	int err = 0;

	for (int i = 0; i < TRIES; i++) {
		struct timespec pause = { .tv_nsec = 1000000L * i };

		err = read_once(p, mount_point, dev, view);
		if (err == -E2BIG)
			continue;
		if (err != -EAGAIN && (err || !view->torn))
			return err;
		nanosleep(&pause, NULL);
	}
	if (err == -EAGAIN)	/* or it is no ext4 */
		return -ENODEV;
	return err == -E2BIG ? -EAGAIN : err;
}
