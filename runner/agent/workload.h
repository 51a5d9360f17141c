// SPDX-License-Identifier: GPL-2.0-only
// The measured program: started, listened to, waited for.
#ifndef AGENT_WORKLOAD_H
#define AGENT_WORKLOAD_H

#include "channel.h"
#include "job.h"
#include "snapshot.h"
#include "tool.h"

#include <sys/types.h>

enum {
	WORKLOAD_MAX_STDOUT = 4 << 20,
	WORKLOAD_MAX_STDERR = 64 << 10,
	WORKLOAD_NOTIFY_FD = 3,
	WORKLOAD_PROGRESS_FD = 4,
};

struct workload {
	const struct job *job;
	struct channel *channel;
	struct snapshot *snapshot;
	struct tools *tools;
	int progress; // memfd for the workload's fd 4
	// From here on the workload's own.
	pid_t pid;
	int notify, out, err; // our ends; -1 once they are closed
	size_t out_bytes, err_bytes;
	unsigned int phase; // how many changes it has notified
	char line[32];	    // from notify, not yet whole
	size_t line_length;
};

// Forks and execs; returns after the exec has worked.
int workload_start(struct workload *workload, struct error *fault);

// Passes output and phase changes on until the workload has ended.  status as
// waitpid(2) gives it.  After a fault the workload is dead too.
int workload_finish(struct workload *workload, int *status,
		    struct error *fault);

#endif
