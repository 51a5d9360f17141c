// SPDX-License-Identifier: GPL-2.0-only
// Listening to the workload until it ends.
#include "workload.h"

#include "lockstat.h"
#include "mark.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// The phase changes a workload tells, in their order.
static const char *const phases[] = {"steady-begin", "steady-end"};

static int enter_phase(struct workload *workload, struct error *fault)
{
	const bool begin = workload->phase == 0;
	const bool lock_stat = workload->job->lock_stat;
	const char *name = phases[workload->phase++];

	// Pages swapped out between the switch and the reading of vmstat, which
	// comes first in a snapshot, are counted on one side only: with the
	// copies and frames in between, 1.967 acquisitions per page were seen
	// on a busy host where the kernel takes 2.
	if (begin && lock_stat &&
	    (lockstat_clear(fault) || lockstat_count(true, fault)))
		return -1;
	if (!begin && lock_stat && lockstat_count(false, fault))
		return -1;
	// Right before both readings of vmstat, the first of a snapshot.
	mark_window(begin);
	if (snapshot_take(workload->snapshot, !begin && lock_stat, fault))
		return -1;
	if (!begin && tools_window(workload->tools, false, fault))
		return -1;
	if (snapshot_send(workload->snapshot, workload->channel, name, fault) ||
	    channel_line(workload->channel, FRAME_EVENT, fault, "%s", name))
		return -1;
	if (begin && tools_window(workload->tools, true, fault))
		return -1;
	// A workload that has died in the meantime is noticed by its exit.
	if (write(workload->notify, "", 1) < 0 && errno != EIO)
		return error_coded(fault, ERROR_PROTOCOL, "answer to %s: %s",
				   name, strerror(errno));
	return 0;
}

static int take_line(struct workload *workload, struct error *fault)
{
	const char *wanted = "nothing";

	workload->line[workload->line_length] = '\0';
	if (workload->phase < 2)
		wanted = phases[workload->phase];
	if (strcmp(workload->line, wanted) != 0)
		return error_coded(fault, ERROR_PROTOCOL,
				   "the workload notified '%s', %s was due",
				   workload->line, wanted);
	workload->line_length = 0;
	return enter_phase(workload, fault);
}

// Each of these reads what there is; 0 also when there is nothing yet.
static int read_notify(struct workload *workload, struct error *fault)
{
	char buffer[64];
	ssize_t got = read(workload->notify, buffer, sizeof(buffer));

	if (got == 0 || (got < 0 && errno == EIO)) {
		// The terminal's other end is closed.
		close(workload->notify);
		workload->notify = -1;
	}
	for (ssize_t i = 0; i < got; i++) {
		if (buffer[i] == '\n') {
			if (take_line(workload, fault))
				return -1;
		} else if (workload->line_length + 1 < sizeof(workload->line)) {
			workload->line[workload->line_length++] = buffer[i];
		} else {
			return error_coded(
				fault, ERROR_PROTOCOL,
				"the workload notified a line of more "
				"than %zu characters",
				sizeof(workload->line) - 1);
		}
	}
	return 0;
}

// Passes one chunk on; more than limit is dropped, and *bytes tells.
static int pass_on(struct workload *workload, int *fd, const char *name,
		   size_t *bytes, size_t limit, struct error *fault)
{
	char buffer[CHANNEL_CHUNK];
	ssize_t got = read(*fd, buffer, sizeof(buffer));

	if (got < 0)
		return 0;
	if (got == 0) {
		close(*fd);
		*fd = -1;
		return 0;
	}
	size_t left = *bytes < limit ? limit - *bytes : 0;
	size_t keep = (size_t)got < left ? (size_t)got : left;

	*bytes += (size_t)got;
	return keep ? channel_file(workload->channel, name, buffer, keep, fault)
		    : 0;
}

static int read_out(struct workload *workload, struct error *fault)
{
	if (pass_on(workload, &workload->out, "workload.json",
		    &workload->out_bytes, WORKLOAD_MAX_STDOUT, fault))
		return -1;
	if (workload->out_bytes > WORKLOAD_MAX_STDOUT)
		return error_coded(fault, ERROR_PROTOCOL,
				   "the workload wrote more than %d bytes to "
				   "stdout",
				   WORKLOAD_MAX_STDOUT);
	return 0;
}

static int read_err(struct workload *workload, struct error *fault)
{
	return pass_on(workload, &workload->err, "workload.stderr",
		       &workload->err_bytes, WORKLOAD_MAX_STDERR, fault);
}

static bool has_data(int fd)
{
	struct pollfd waited = {.fd = fd, .events = POLLIN};

	return fd >= 0 && poll(&waited, 1, 0) == 1;
}

// What the workload wrote before it ended; a child it left behind may hold the
// pipes open, so an end is not waited for.
static int drain(struct workload *workload, struct error *fault)
{
	while (has_data(workload->out))
		if (read_out(workload, fault))
			return -1;
	while (has_data(workload->err))
		if (read_err(workload, fault))
			return -1;
	// Both exist on the host, be they empty.
	if ((!workload->out_bytes &&
	     channel_file(workload->channel, "workload.json", "", 0, fault)) ||
	    (!workload->err_bytes &&
	     channel_file(workload->channel, "workload.stderr", "", 0, fault)))
		return -1;
	if (workload->err_bytes > WORKLOAD_MAX_STDERR)
		return channel_line(workload->channel, FRAME_EVENT, fault,
				    "workload-stderr-cut %zu",
				    workload->err_bytes);
	return 0;
}

// True once the workload has ended.  PID 1 is handed everybody's orphans.
static bool reap(const struct workload *workload, int *status)
{
	int ended;
	pid_t pid;

	while ((pid = waitpid(-1, &ended, WNOHANG)) > 0) {
		if (pid == workload->pid) {
			*status = ended;
			return true;
		}
		tools_reaped(workload->tools, pid, ended);
	}
	return false;
}

// One round: waits for news and takes it.
static int serve(struct workload *workload, struct error *fault)
{
	struct pollfd fds[] = {
		{.fd = workload->notify, .events = POLLIN},
		{.fd = workload->out, .events = POLLIN},
		{.fd = workload->err, .events = POLLIN},
	};
	sigset_t none;

	// SIGCHLD is blocked but in here, so no child's end is missed.
	sigemptyset(&none);
	if (ppoll(fds, 3, NULL, &none) < 0)
		return errno == EINTR
			       ? 0
			       : error_coded(fault, ERROR_PROTOCOL, "poll: %s",
					     strerror(errno));
	if ((fds[0].revents && read_notify(workload, fault)) ||
	    (fds[1].revents && read_out(workload, fault)) ||
	    (fds[2].revents && read_err(workload, fault)))
		return -1;
	return 0;
}

int workload_finish(struct workload *workload, int *status, struct error *fault)
{
	while (!reap(workload, status)) {
		if (!serve(workload, fault))
			continue;
		kill(workload->pid, SIGKILL);
		while (waitpid(workload->pid, status, 0) < 0 && errno == EINTR)
			;
		return -1;
	}
	return drain(workload, fault);
}
