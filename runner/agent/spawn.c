// SPDX-License-Identifier: GPL-2.0-only
// Starting the workload: its file descriptors and its exec.
#include "text.h"
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

// Both ends of everything the workload is given: [0] ours, [1] its.
struct ends {
	int notify[2], out[2], err[2], exec[2];
};

// Above the numbers that the child's dup2 overwrites.
static int raise_fd(int fd)
{
	int raised = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	int error = errno;

	close(fd);
	errno = error;
	return raised;
}

static int open_pipe(int ends[2], int ours)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	ends[0] = raise_fd(fds[0]);
	ends[1] = raise_fd(fds[1]);
	if (ends[0] < 0 || ends[1] < 0)
		return -1;
	return fcntl(ends[0], F_SETFL, ours);
}

// A raw terminal pair stands where one would use a socket pair: one descriptor
// for both ways, and it is there in a kernel without CONFIG_NET.
static int open_notify(int ends[2])
{
	char name[64];
	struct termios raw;
	int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ends[0] = raise_fd(fd);
	if (ends[0] < 0 || unlockpt(ends[0]) ||
	    ptsname_r(ends[0], name, sizeof(name)))
		return -1;
	fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ends[1] = raise_fd(fd);
	if (ends[1] < 0 || tcgetattr(ends[1], &raw))
		return -1;
	cfmakeraw(&raw);
	if (tcsetattr(ends[1], TCSANOW, &raw))
		return -1;
	return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

// Only what is safe between fork and exec; reports errno and ends.
__attribute__((noreturn)) static void child(const struct workload *workload,
					    const struct ends *ends)
{
	static char *const environment[] = {"PATH=/bin:/usr/bin", "HOME=/",
					    "LC_ALL=C", NULL};
	sigset_t none;
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	// Not worth failing for: without it the kernel still picks the
	// largest program.
	text_write("/proc/self/oom_score_adj", "1000");
	null = null < 0 ? -1 : raise_fd(null);
	// dup2 onto itself would leave it to be closed by the exec.
	int progress = fcntl(workload->progress, F_DUPFD_CLOEXEC, 10);

	if (dup2(null, 0) == 0 && dup2(ends->out[1], 1) == 1 &&
	    dup2(ends->err[1], 2) == 2 &&
	    dup2(ends->notify[1], WORKLOAD_NOTIFY_FD) == WORKLOAD_NOTIFY_FD &&
	    dup2(progress, WORKLOAD_PROGRESS_FD) == WORKLOAD_PROGRESS_FD)
		execve(workload->job->argv[0], workload->job->argv,
		       environment);
	int error = errno;

	if (write(ends->exec[1], &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

int workload_start(struct workload *workload, struct fault *fault)
{
	struct ends ends;
	int error = 0;

	if (open_notify(ends.notify) || open_pipe(ends.out, O_NONBLOCK) ||
	    open_pipe(ends.err, O_NONBLOCK) || open_pipe(ends.exec, 0))
		return fault_set(fault, FAULT_EXEC, "pipes and terminal: %s",
				 strerror(errno));
	workload->pid = fork();
	if (workload->pid < 0)
		return fault_set(fault, FAULT_EXEC, "fork: %s",
				 strerror(errno));
	if (!workload->pid)
		child(workload, &ends);
	close(ends.notify[1]);
	close(ends.out[1]);
	close(ends.err[1]);
	close(ends.exec[1]);
	// The end of the pipe closes in the exec.
	ssize_t got;

	do
		got = read(ends.exec[0], &error, sizeof(error));
	while (got < 0 && errno == EINTR);
	close(ends.exec[0]);
	workload->notify = ends.notify[0];
	workload->out = ends.out[0];
	workload->err = ends.err[0];
	if (!got)
		return 0;
	while (waitpid(workload->pid, NULL, 0) < 0 && errno == EINTR)
		;
	return fault_set(fault, FAULT_EXEC, "%.200s: %s",
			 workload->job->argv[0],
			 got < 0 ? "cannot be started" : strerror(error));
}
