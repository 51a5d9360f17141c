// SPDX-License-Identifier: GPL-2.0-only
#include "program.h"

#include "workloads/lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RAISED = 10 };

int program_raise(int fd)
{
	int raised = fcntl(fd, F_DUPFD_CLOEXEC, RAISED);
	int error = errno;

	close(fd);
	errno = error;
	return raised;
}

// Only what is safe between fork and exec; reports errno and ends.
__attribute__((noreturn)) static void
child(const struct program *program, char *const *environment, int report)
{
	int fds[PROGRAM_MAX_FDS + 1];
	const int count = (int)program->fd_count + 1;
	bool placed = true;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	// Not worth failing for: without it the kernel still picks the
	// largest program.
	text_write("/proc/self/oom_score_adj", "1000");
	fds[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	// dup2 onto itself would leave it to be closed by the exec, and one
	// below would overwrite the next.
	for (int i = 0; i < count; i++)
		fds[i] = fcntl(i ? program->fds[i - 1] : fds[0],
			       F_DUPFD_CLOEXEC, RAISED);
	for (int i = 0; i < count; i++)
		placed = placed && dup2(fds[i], i) == i;
	// Before the exec, so that all it ever touches is charged there.
	if (placed && program->group)
		placed = !text_write(program->group, "0");
	if (placed)
		execve(program->argv[0], program->argv, environment);
	int error = errno;

	if (write(report, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

pid_t program_start(const struct program *program, struct error *fault)
{
	char *environment[PROGRAM_MAX_ENV + 4] = {"PATH=/bin:/usr/bin",
						  "HOME=/", "LC_ALL=C"};
	int ends[2], error = 0;

	for (size_t i = 0; program->environment && program->environment[i] &&
			   i < PROGRAM_MAX_ENV;
	     i++)
		environment[i + 3] = program->environment[i];
	if (pipe2(ends, O_CLOEXEC))
		return error_coded(fault, ERROR_EXEC, "pipe: %s",
				   strerror(errno));
	ends[1] = program_raise(ends[1]);
	pid_t pid = ends[1] < 0 ? -1 : fork();

	if (!pid)
		child(program, environment, ends[1]);
	error = errno;
	close(ends[1]);
	if (pid < 0) {
		close(ends[0]);
		return error_coded(fault, ERROR_EXEC, "fork: %s",
				   strerror(error));
	}
	// Our end of the pipe closes in the exec.
	ssize_t got;

	do
		got = read(ends[0], &error, sizeof(error));
	while (got < 0 && errno == EINTR);
	close(ends[0]);
	if (!got)
		return pid;
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	return error_coded(fault, ERROR_EXEC, "%.200s: %s", program->argv[0],
			   got < 0 ? "cannot be started" : strerror(error));
}
