// SPDX-License-Identifier: GPL-2.0-only
// Starting the workload: its file descriptors.
#include "program.h"
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

// Both ends of everything the workload is given: [0] ours, [1] its.
struct ends {
	int notify[2], out[2], err[2];
};

static int open_pipe(int ends[2], int ours)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC))
		return -1;
	ends[0] = program_raise(fds[0]);
	ends[1] = program_raise(fds[1]);
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
	ends[0] = program_raise(fd);
	if (ends[0] < 0 || unlockpt(ends[0]) ||
	    ptsname_r(ends[0], name, sizeof(name)))
		return -1;
	fd = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ends[1] = program_raise(fd);
	if (ends[1] < 0 || tcgetattr(ends[1], &raw))
		return -1;
	cfmakeraw(&raw);
	if (tcsetattr(ends[1], TCSANOW, &raw))
		return -1;
	return fcntl(ends[0], F_SETFL, O_NONBLOCK);
}

int workload_start(struct workload *workload, struct error *fault)
{
	struct ends ends = {0};

	if (open_notify(ends.notify) || open_pipe(ends.out, O_NONBLOCK) ||
	    open_pipe(ends.err, O_NONBLOCK))
		return error_coded(fault, ERROR_EXEC, "pipes and terminal: %s",
				   strerror(errno));
	const int fds[] = {ends.out[1], ends.err[1], ends.notify[1],
			   workload->progress};
	const struct program program = {
		.argv = workload->job->argv,
		.fds = fds,
		.fd_count = sizeof(fds) / sizeof(fds[0]),
	};

	_Static_assert(WORKLOAD_NOTIFY_FD == 3 && WORKLOAD_PROGRESS_FD == 4,
		       "their places in fds");
	workload->pid = program_start(&program, fault);
	close(ends.notify[1]);
	close(ends.out[1]);
	close(ends.err[1]);
	workload->notify = ends.notify[0];
	workload->out = ends.out[0];
	workload->err = ends.err[0];
	return workload->pid < 0 ? -1 : 0;
}
