// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

// Locks are not inherited.  What a region has by now must not be locked, and
// locking all of it at once would copy the parent's.
static int lock_but_region(const struct worker *worker, struct error *error)
{
	const size_t bytes = worker->pages * worker->crew->content.page_size;

	if (mlockall(MCL_CURRENT | MCL_ONFAULT) ||
	    (worker->region && munlock(worker->region, bytes)))
		return error_set(
			error,
			"cannot lock the memory of process %u: %s; run "
			"it as root or raise the limit (ulimit -l)",
			worker->index, strerror(errno));
	return 0;
}

static void work(struct worker *worker, pid_t parent)
{
	// Nobody is left behind, should the parent be killed.
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	worker->failed =
		lock_but_region(worker, &worker->error) ||
		(!worker->region && worker_map(worker, &worker->error));
	gate_wait(&worker->crew->ready);
	if (worker->failed)
		_exit(1);
	worker_work(worker);
	_exit(0);
}

int process_start(struct worker *worker, struct error *error)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid < 0)
		return error_set(error, "cannot start process %u: %s",
				 worker->index, strerror(errno));
	if (pid == 0)
		work(worker, parent);
	worker->pid = pid;
	return 0;
}

bool process_failed(const struct worker *worker, struct error *error)
{
	if (worker->failed)
		*error = worker->error;
	return worker->failed;
}

int process_reap(struct worker *worker, bool wait, struct error *error)
{
	int status = 0;
	pid_t pid;

	if (!worker->pid)
		return 0;
	do {
		pid = waitpid(worker->pid, &status, wait ? 0 : WNOHANG);
	} while (pid < 0 && errno == EINTR);
	if (pid == 0)
		return 0;
	worker->pid = 0;
	if (pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	if (pid > 0 && WIFSIGNALED(status))
		return error_set(error, "process %u was killed by signal %d",
				 worker->index, WTERMSIG(status));
	return error_set(error, "process %u ended with status %d",
			 worker->index, WEXITSTATUS(status));
}
