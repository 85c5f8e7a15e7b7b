// SPDX-License-Identifier: GPL-2.0
/* convlist pending: the writes that wait for their conversion now, from the kernel's own lists. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "commands.h"
#include "kernel/mounts.h"
#include "kernel/pending_bpf.h"
#include "log.h"
#include "opt.h"
#include "output/output.h"
#include "util.h"

#define FULL_PATH_MAX (CL_PATH_MAX * 2 + 64)
#define RANGES_SHOWN 3

struct pending_options {
	bool json;
	uint64_t watch_ns;
	uint64_t count;
};

static const struct cl_opt opts[] = {
	{ "watch", 'w', CL_OPT_DURATION, offsetof(struct pending_options, watch_ns), "SECONDS",
	  "look again and again, this often" },
	{ "count", 'n', CL_OPT_U64, offsetof(struct pending_options, count), "N",
	  "look N times (with --watch; default: until Ctrl-C)" },
	CL_OPT_JSON_ROW(struct pending_options, json),
	{},
};

static const struct cl_opt_spec spec = {
	.command = "pending",
	.operands = "[DEVICE|MOUNTPOINT|FILE]",
	.about = "Lists the writes whose data is done and whose extents are still unwritten: direct\n"
		 "writes that the conversion-list series put off (aio_dio), and buffered writeback's\n"
		 "own list (rsv), which every kernel has. Both are read from the kernel's lists, so\n"
		 "what was listed before and files that nobody has open are there as well. Default:\n"
		 "every mounted ext4.",
	.examples = "  convlist pending\n"
		    "  convlist pending --watch 0.5 /var/lib/db\n"
		    "  convlist pending --json /dev/sdb1",
	.opts = opts,
};

static const struct cl_out_column columns[] = {
	{ "dev", "DEVICE", -7 },
	{ "ino", "INODE", 8 },
	{ "list", "LIST", -7 },
	{ "state", "STATE", -10 },
	{ "writes", "WRITES", 6 },
	{ "bytes", "BYTES", 10 },
	{ "oldest_ns", "OLDEST", 8 },
	{ "ranges", "RANGES (offset+bytes)", -36 },
	{ "path", "PATH", -1 },
	{},
};

/* What to look at, and what was found there. */
struct look {
	const struct pending_options *opt;
	struct cl_pending *pending;
	struct cl_out *out;
	uint32_t dev;		/* 0: every ext4 */
	uint64_t ino;		/* 0: every inode */
	uint64_t inodes, writes, bytes, oldest_ns;
	bool torn, lost;
	bool reached;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = 1;
}

static bool is_ext4(const struct cl_mount *m)
{
	return !strncmp(m->type, "ext", 3);	/* ext2 and ext3 may be the same code */
}

/* Fills in look->dev and look->ino from the operand. */
static int find_target(const char *operand, struct look *look)
{
	const struct cl_mount *m;
	struct cl_mounts mounts;
	struct stat st;
	int err;

	if (stat(operand, &st)) {
		err = -errno;
		cl_err("%s: %s", operand, strerror(-err));
		return err;
	}
	err = cl_mounts_read(&mounts);
	if (err) {
		cl_err("/proc/self/mountinfo: %s", strerror(-err));
		return err;
	}
	if (S_ISBLK(st.st_mode))
		look->dev = cl_mkdev(major(st.st_rdev), minor(st.st_rdev));
	else
		look->dev = cl_mkdev(major(st.st_dev), minor(st.st_dev));
	if (S_ISREG(st.st_mode))
		look->ino = st.st_ino;
	m = cl_mounts_find(&mounts, look->dev);
	if (!m && S_ISBLK(st.st_mode)) {
		cl_err("%s is not mounted: no write waits there", operand);
		err = -ENODEV;
	} else if (!m || !is_ext4(m)) {
		cl_err("%s is on %s, not on ext4", operand, m ? m->type : "no file system seen here");
		err = -ENOTSUP;
	}
	cl_mounts_free(&mounts);
	return err;
}

struct totals {
	uint64_t writes, bytes, oldest_ns;
};

static void add_totals(const struct cl_pending_view *v, const struct cl_pending_inode *inode,
		       enum cl_pending_list list, struct totals *t)
{
	uint64_t now_ns = cl_now_ns();

	memset(t, 0, sizeof(*t));
	for (size_t i = inode->first; i < inode->first + inode->entries && i < v->nr_entries; i++) {
		const struct cl_pending_entry *e = &v->entries[i];

		if (e->list != list)
			continue;
		t->writes++;
		t->bytes += e->size_bytes;
		if (e->listed_ns && now_ns - e->listed_ns > t->oldest_ns)
			t->oldest_ns = now_ns - e->listed_ns;
	}
}

/* "0+4096 65536+8192 ... 12 more" */
static void ranges_text(const struct cl_pending_view *v, const struct cl_pending_inode *inode,
			enum cl_pending_list list, char *buf, size_t size)
{
	size_t at = 0, shown = 0, more = 0;

	buf[0] = 0;
	for (size_t i = inode->first; i < inode->first + inode->entries && i < v->nr_entries; i++) {
		const struct cl_pending_entry *e = &v->entries[i];

		if (e->list != list)
			continue;
		if (shown == RANGES_SHOWN) {
			more++;
			continue;
		}
		at += snprintf(buf + at, size - at, "%s%lld+%llu", shown ? " " : "",
			       (long long)e->offset_bytes, (unsigned long long)e->size_bytes);
		shown++;
	}
	if (more)
		snprintf(buf + at, size - at, " ... %zu more", more);
}

static void ranges_json(struct cl_out *o, const struct cl_pending_view *v,
			const struct cl_pending_inode *inode, enum cl_pending_list list)
{
	uint64_t now_ns = cl_now_ns();

	cl_out_array(o, "ranges");
	for (size_t i = inode->first; i < inode->first + inode->entries && i < v->nr_entries; i++) {
		const struct cl_pending_entry *e = &v->entries[i];

		if (e->list != list)
			continue;
		cl_out_object(o, NULL);
		cl_out_s64(o, "offset", e->offset_bytes);
		cl_out_u64(o, "size", e->size_bytes);
		if (e->listed_ns)
			cl_out_ns(o, "age_ns", now_ns - e->listed_ns);
		cl_out_close(o);
	}
	cl_out_close(o);
}

/* Text: the path with what is to be said of it; JSON: the bare path, null without one. */
static void print_path(struct look *l, uint32_t dev, const struct cl_pending_inode *inode)
{
	char path[FULL_PATH_MAX] = "", said[FULL_PATH_MAX + 64];
	bool named = !(inode->flags & CL_PENDING_NO_NAME) && inode->path_bytes < CL_PATH_MAX;
	bool unlinked = inode->flags & CL_PENDING_UNLINKED;

	if (named && (inode->flags & CL_PENDING_TRUNCATED))
		snprintf(path, sizeof(path), "...%s", inode->path);
	else if (named)
		cl_full_path(dev, inode->path, path, sizeof(path));
	if (l->opt->json) {
		cl_out_str(l->out, "path", named ? path : NULL);
		cl_out_bool(l->out, "unlinked", unlinked);
		cl_out_bool(l->out, "closed", inode->flags & CL_PENDING_CLOSED);
		cl_out_bool(l->out, "torn", inode->flags & CL_PENDING_TORN);
		return;
	}
	if (!named)
		snprintf(path, sizeof(path), "inode %" PRIu64, (uint64_t)inode->ino);
	snprintf(said, sizeof(said), "%s%s%s%s", path, unlinked ? " (unlinked)" : "",
		 inode->flags & CL_PENDING_CLOSED ? " (closed)" : "",
		 inode->flags & CL_PENDING_TORN ? " (changing: incomplete)" : "");
	cl_out_str(l->out, "path", said);
}

static void print_inode(struct look *l, uint32_t dev, const struct cl_pending_view *v,
			const struct cl_pending_inode *inode)
{
	static const char *const states[] = { "listed", "converting", "listed" };
	bool counted = false;

	for (int list = 0; list < CL_PENDING_LISTS; list++) {
		struct totals t;
		char ranges[160];

		add_totals(v, inode, list, &t);
		if (!t.writes)
			continue;
		cl_out_row_begin(l->out, "pending");
		cl_out_dev(l->out, "dev", dev);
		cl_out_u64(l->out, "ino", inode->ino);
		cl_out_str(l->out, "list", list == CL_PENDING_RSV ? "rsv" : "aio_dio");
		cl_out_str(l->out, "state", states[list]);
		cl_out_u64(l->out, "writes", t.writes);
		cl_out_u64(l->out, "bytes", t.bytes);
		if (t.oldest_ns)
			cl_out_ns(l->out, "oldest_ns", t.oldest_ns);
		else
			cl_out_null(l->out, "oldest_ns");
		if (l->opt->json) {
			ranges_json(l->out, v, inode, list);
		} else {
			ranges_text(v, inode, list, ranges, sizeof(ranges));
			cl_out_str(l->out, "ranges", ranges);
		}
		print_path(l, dev, inode);
		cl_out_end(l->out);
		counted = true;
		l->writes += t.writes;
		l->bytes += t.bytes;
		if (t.oldest_ns > l->oldest_ns)
			l->oldest_ns = t.oldest_ns;
	}
	l->inodes += counted;
}

static void print_summary(struct look *l)
{
	if (l->opt->json) {
		cl_out_row_begin(l->out, "pending_summary");
		cl_out_time(l->out, "time_ns", cl_now_ns());
		cl_out_u64(l->out, "inodes", l->inodes);
		cl_out_u64(l->out, "writes", l->writes);
		cl_out_u64(l->out, "bytes", l->bytes);
		cl_out_ns(l->out, "oldest_ns", l->oldest_ns);
		cl_out_bool(l->out, "complete", !l->torn && !l->lost);
		cl_out_end(l->out);
	} else if (l->writes) {
		printf("%" PRIu64 " writes, %" PRIu64 " bytes on %" PRIu64
		       " inodes wait for their conversion\n", l->writes, l->bytes, l->inodes);
	} else {
		printf("nothing waits for its conversion\n");
	}
	fflush(stdout);
	if (l->torn)
		cl_warn("the lists kept changing while they were read: some writes may be missing");
	if (l->lost)
		cl_warn("there is more on the lists than can be shown");
}

/* The file system may be covered by another mount here: any mount of it will do. */
static int read_device(struct look *l, const struct cl_mounts *mounts, uint32_t dev,
		       struct cl_pending_view *view)
{
	int err = -ENODEV;

	for (size_t i = 0; i < mounts->nr && err; i++)
		if (mounts->mount[i].dev == dev)
			err = cl_pending_read(l->pending, mounts->mount[i].point, dev, view);
	return err;
}

static bool seen_before(const struct cl_mounts *mounts, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (mounts->mount[j].dev == mounts->mount[i].dev)
			return true;
	return false;
}

static int look_once(struct look *l)
{
	struct cl_mounts mounts;
	int err;

	l->inodes = l->writes = l->bytes = l->oldest_ns = 0;
	l->torn = l->lost = l->reached = false;
	err = cl_mounts_read(&mounts);
	if (err)
		return err;
	if (!l->opt->json)
		cl_out_columns(l->out, columns);
	for (size_t i = 0; i < mounts.nr; i++) {
		const struct cl_mount *m = &mounts.mount[i];
		struct cl_pending_view view;

		if (!is_ext4(m) || (l->dev && m->dev != l->dev) || seen_before(&mounts, i))
			continue;
		if (read_device(l, &mounts, m->dev, &view))
			continue;
		l->reached = true;
		l->torn |= view.torn;
		l->lost |= view.lost;
		for (size_t n = 0; n < view.nr_inodes; n++)
			if (!l->ino || l->ino == view.inodes[n].ino)
				print_inode(l, m->dev, &view, &view.inodes[n]);
	}
	cl_mounts_free(&mounts);
	if (!l->reached) {
		cl_err(l->dev ? "the file system is not mounted any more, or is no ext4" :
				"no ext4 is mounted here");
		return -ENODEV;
	}
	print_summary(l);
	return cl_out_error(l->out);
}

static int look_on(struct look *l)
{
	const struct pending_options *opt = l->opt;
	bool screen = opt->watch_ns && !opt->json && isatty(STDOUT_FILENO);
	struct timespec pause = { .tv_sec = opt->watch_ns / 1000000000,
				  .tv_nsec = opt->watch_ns % 1000000000 };

	for (uint64_t n = 1;; n++) {
		int err;

		if (screen)
			fputs("\033[H\033[2J", stdout);
		err = look_once(l);
		if (err)
			return err;
		if (!opt->watch_ns || n == opt->count || interrupted)
			return 0;
		if (!opt->json && !screen)
			putchar('\n');
		nanosleep(&pause, NULL);
		if (interrupted)
			return 0;
	}
}

int cmd_pending(int argc, char **argv)
{
	struct sigaction act = { .sa_handler = on_signal };
	struct pending_options opt = {};
	struct look look = { .opt = &opt };
	int err, first;

	err = cl_opt_parse(&spec, argc, argv, &opt, &first);
	if (err)
		return err == CL_OPT_HELP ? CL_EXIT_OK : CL_EXIT_USAGE;
	if (first + 1 < argc) {
		cl_err("pending takes one DEVICE, MOUNTPOINT or FILE");
		return CL_EXIT_USAGE;
	}
	if (first < argc && find_target(argv[first], &look))
		return CL_EXIT_CANNOT_RUN;
	look.out = cl_out_new(stdout, opt.json ? "json" : "text");
	err = look.out ? cl_pending_open(&look.pending) : -ENOMEM;
	if (!err) {
		sigaction(SIGINT, &act, NULL);
		sigaction(SIGTERM, &act, NULL);
		signal(SIGPIPE, SIG_IGN);
		err = look_on(&look);
	}
	cl_pending_close(look.pending);
	cl_out_free(look.out);
	return err && err != -EPIPE ? CL_EXIT_CANNOT_RUN : CL_EXIT_OK;
}
