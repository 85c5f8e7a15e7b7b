// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "failures.h"
#include "log.h"
#include "record/reader.h"
#include "session.h"
#include "source/recording.h"

#define POLL_MS 100
#define PATIENCE_NS 5000000000ULL	/* for a command told to end */

/* Set by signals; the loop looks at them. */
static volatile sig_atomic_t nr_stops, stop_signal, stop_by_terminal, nr_asked;

static void on_stop(int sig, siginfo_t *info, void *context)
{
	nr_stops++;
	stop_signal = sig;
	/* The terminal signals the command as well. */
	stop_by_terminal = info->si_code == SI_KERNEL;
}

static void on_asked(int sig)
{
	nr_asked++;
}

static void on_child(int sig)
{
	/* Nothing to do: it ends the poll. */
}

struct handlers {
	struct sigaction old_int, old_term, old_child, old_asked;
	bool asked;
};

static void catch_signals(struct handlers *h, bool asked)
{
	struct sigaction ask = { .sa_handler = on_asked };
	struct sigaction stop = { .sa_sigaction = on_stop, .sa_flags = SA_SIGINFO };
	struct sigaction child = { .sa_handler = on_child, .sa_flags = SA_NOCLDSTOP };

	nr_stops = nr_asked = 0;
	h->asked = asked;
	if (asked)
		sigaction(SIGUSR1, &ask, &h->old_asked);
	sigaction(SIGINT, &stop, &h->old_int);
	sigaction(SIGTERM, &stop, &h->old_term);
	sigaction(SIGCHLD, &child, &h->old_child);
}

static void restore_signals(const struct handlers *h)
{
	sigaction(SIGINT, &h->old_int, NULL);
	sigaction(SIGTERM, &h->old_term, NULL);
	sigaction(SIGCHLD, &h->old_child, NULL);
	if (h->asked)
		sigaction(SIGUSR1, &h->old_asked, NULL);
}

struct run {
	struct cl_session *s;
	struct cl_failures failures;
	pid_t pid;			/* 0: no command, or it is over */
	int stops_passed_on, asked;
	uint64_t until_ns;		/* 0: no limit */
	uint64_t linger_until_ns;	/* 0: the command is not over */
	uint64_t kill_at_ns;		/* 0: the command was not told to end */
	bool stopped;
};

static void end_command(struct run *r, int sig)
{
	if (!r->pid)
		return;
	kill(r->pid, sig);
	if (!r->kill_at_ns)
		r->kill_at_ns = cl_now_ns() + PATIENCE_NS;
}

/* Passes Ctrl-C and SIGTERM on; whoever does it twice means it. */
static void pass_on_stops(struct run *r)
{
	while (r->stops_passed_on < nr_stops) {
		if (r->stops_passed_on++)
			end_command(r, SIGKILL);
		else if (!stop_by_terminal)
			end_command(r, stop_signal);
		else if (r->pid)
			r->kill_at_ns = cl_now_ns() + PATIENCE_NS;
	}
}

/* Whether it is time to stop the source. */
static bool over(struct run *r)
{
	struct cl_session *s = r->s;
	uint64_t now = cl_now_ns();

	pass_on_stops(r);
	if (r->until_ns && now >= r->until_ns && r->pid && !r->kill_at_ns)
		end_command(r, SIGTERM);
	if (r->kill_at_ns && now >= r->kill_at_ns && r->pid)
		kill(r->pid, SIGKILL);
	if (r->pid) {
		if (!cl_command_over(r->pid, &s->status))
			return false;
		r->pid = 0;
		r->linger_until_ns = now + s->linger_ns;
	}
	if (nr_stops || (r->until_ns && now >= r->until_ns))
		return true;
	if (r->linger_until_ns)
		return now >= r->linger_until_ns || !s->unfinished || !s->unfinished(s->ctx);
	return s->unwanted && s->unwanted(s->ctx);
}

static int on_record(void *ctx, const void *record, size_t len)
{
	struct run *r = ctx;

	cl_failures_record(&r->failures, record, len);
	return r->s->record(r->s->record_ctx, record, len);
}

static int loop(struct run *r)
{
	struct cl_session *s = r->s;
	const struct cl_source_ops *ops = s->source->ops;
	int n, err;

	for (;;) {
		n = ops->poll(s->source, r->stopped ? 0 : POLL_MS, on_record, r);
		if (s->settle && (!ops->settled || ops->settled(s->source)))
			s->settle(s->ctx);
		for (; r->asked < nr_asked; r->asked++)
			s->asked(s->ctx);
		if (n == -ENODATA && !r->pid)
			return 0;
		if (n < 0 && n != -EINTR && n != -ENODATA) {
			cl_err("reading from the %s failed: %s", ops->name, strerror(-n));
			return n;
		}
		if (n == -ENODATA)
			usleep(1000 * POLL_MS);	/* a file ended before the command */
		if (r->stopped || !over(r))
			continue;
		err = ops->stop(s->source);
		if (err)
			return err;
		r->stopped = true;
	}
}

int cl_session_run(struct cl_session *s)
{
	struct run r = { .s = s };
	struct handlers handlers;
	int err = 0;

	catch_signals(&handlers, s->asked);
	if (s->duration_ns)
		r.until_ns = cl_now_ns() + s->duration_ns;
	if (s->command) {
		r.pid = cl_command_start(s->command, s->command_to_stderr);
		if (r.pid < 0) {
			err = r.pid;
			cl_err("cannot run '%s': %s", s->command[0], strerror(-err));
		}
	}
	if (!err)
		err = loop(&r);
	cl_failures_end(&r.failures);
	if (err && r.pid > 0) {
		/* Not left behind without anybody who watches it. */
		kill(r.pid, SIGKILL);
		while (!cl_command_over(r.pid, &s->status))
			usleep(1000);
	}
	restore_signals(&handlers);
	return err;
}

int cl_session_open(const struct cl_origin *from, struct cl_source **src)
{
	struct cl_config filter = from->live.filter;
	int err;

	if (from->recording) {
		err = from->path ? cl_recording_find(from->recording, from->path, &filter) : 0;
		return err ? err : cl_source_recording_open(from->recording, &filter, src);
	}
	if (from->events)
		return cl_source_vector_open(from->events, &from->live.filter, src);
	return cl_source_live_open(&from->live, src);
}

void cl_session_tell(struct cl_source *src, struct cl_model *m)
{
	cl_model_since(m, src->since_ns);
	cl_model_patience(m, src->of_command ? 0 : CL_NAME_PATIENCE_NS);
	if (src->ops->cut && src->ops->cut(src))
		cl_model_doubt(m, CL_DOUBT_CUT);
}

bool cl_names_recording(int argc, char **argv, int first)
{
	struct stat st;

	if (first != argc - 1 || !strcmp(argv[first - 1], "--"))
		return false;
	if (stat(argv[first], &st) || S_ISDIR(st.st_mode))
		return false;
	return cl_reader_looks_like(argv[first]) == 1 || !(st.st_mode & 0111);
}
