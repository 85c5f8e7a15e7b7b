// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

#include "command.h"

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
