// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "output/output.h"

static void exec_child(char **argv, bool to_stderr, int report_fd)
{
	sigset_t none;
	int err;

	/* Handlers go with exec; what is ignored would stay so. */
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (to_stderr)
		dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp(argv[0], argv);
	err = errno;
	/* Nobody could be told if this failed, too. */
	if (write(report_fd, &err, sizeof(err)) != sizeof(err))
		_exit(126);
	_exit(127);
}

pid_t cl_command_start(char **argv, bool to_stderr)
{
	int fd[2], err = 0;
	ssize_t n;
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC))
		return -errno;
	pid = fork();
	if (pid < 0) {
		err = errno;
		close(fd[0]);
		close(fd[1]);
		return -err;
	}
	if (!pid)
		exec_child(argv, to_stderr, fd[1]);
	close(fd[1]);
	/* Closed by a successful exec. */
	do
		n = read(fd[0], &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	close(fd[0]);
	if (n == sizeof(err)) {
		waitpid(pid, NULL, 0);
		return -err;
	}
	return pid;
}

bool cl_command_over(pid_t pid, struct cl_command_status *status)
{
	int st;

	if (waitpid(pid, &st, WNOHANG) != pid)
		return false;
	status->ran = true;
	status->signal = WIFSIGNALED(st) ? WTERMSIG(st) : 0;
	status->exit_status = WIFEXITED(st) ? WEXITSTATUS(st) : -1;
	return true;
}

void cl_command_status_print(const struct cl_command_status *status, struct cl_out *o)
{
	if (!status || !status->ran) {
		cl_out_null(o, "command_status");
		return;
	}
	cl_out_object(o, "command_status");
	if (status->signal) {
		cl_out_null(o, "exit");
		cl_out_u64(o, "signal", status->signal);
	} else {
		cl_out_u64(o, "exit", status->exit_status);
		cl_out_null(o, "signal");
	}
	cl_out_close(o);
}
