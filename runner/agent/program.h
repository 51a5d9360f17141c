// SPDX-License-Identifier: GPL-2.0-only
// Starting a program: what stands between fork and exec.
#ifndef AGENT_PROGRAM_H
#define AGENT_PROGRAM_H

#include "workloads/lib/error.h"

#include <stddef.h>
#include <sys/types.h>

struct program {
	char *const *argv;	  // ends with NULL
	char *const *environment; // on top of PATH, HOME and LC_ALL; NULL: none
	const int *fds;		  // become its 1, 2, ...; 0 is /dev/null
	size_t fd_count;
	const char *group; // cgroup.procs of the group it joins; NULL: none
};

enum {
	PROGRAM_MAX_FDS = 4,
	PROGRAM_MAX_ENV = 32,
};

// The same file under a number that no program's own overwrite; the old one is
// closed.  -1 with errno set.
int program_raise(int fd);

// Forks and execs; the process once its exec has worked, or -1.
pid_t program_start(const struct program *program, struct error *fault);

#endif
