// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "workloads/lib/text.h"

enum { EXIT_GROUP = 2, EXIT_WORK = 3 };

__attribute__((noreturn)) static void run(const struct torture *torture,
					  const char *group, child_work *work,
					  const void *plan)
{
	char path[128];
	struct error error;
	int failed = 0;

	if (*group) {
		snprintf(path, sizeof(path), "%s/cgroup.procs", group);
		failed = text_write(path, "0") ? EXIT_GROUP : 0;
	}
	if (!failed && work(torture, plan, &error)) {
		dprintf(STDERR_FILENO, "swaptorture: child: %s\n", error.line);
		failed = EXIT_WORK;
	}
	_exit(failed);
}

int child_fork(const struct torture *torture, const char *group,
	       child_work *work, const void *plan, pid_t *child,
	       struct error *error)
{
	*child = fork();
	if (*child < 0)
		return error_set(error, "fork: %s", strerror(errno));
	if (!*child)
		run(torture, group, work, plan);
	return 0;
}

int child_wait(const struct torture *torture, pid_t child, struct error *error)
{
	int status;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return error_set(error, "wait: %s", strerror(errno));
	if (tally_child(torture->tally, status))
		return 0;
	if (WIFSIGNALED(status))
		return error_set(error, "a child was killed by signal %d",
				 WTERMSIG(status));
	if (WEXITSTATUS(status))
		return error_set(error, "a child %s",
				 WEXITSTATUS(status) == EXIT_GROUP
					 ? "could not enter its control group"
					 : "could not do its work");
	return 0;
}
