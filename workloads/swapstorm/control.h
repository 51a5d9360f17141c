// SPDX-License-Identifier: GPL-2.0-only
// The thread that starts the others, watches pswpout and ends the run.
#ifndef SWAPSTORM_CONTROL_H
#define SWAPSTORM_CONTROL_H

#include <stdint.h>

#include "workloads/lib/error.h"
#include "workloads/lib/notify.h"
#include "phases.h"
#include "workloads/lib/procfs.h"
#include "series.h"
#include "worker.h"

struct control {
	struct crew *crew;
	struct worker *workers;
	struct vmstat *vmstat;
	struct notify notify;
	struct phases phases;
	struct series series;
	uint64_t settle; // pages swapped out before the steady phase
	struct afters afters;
	bool joined; // all workers have ended
	unsigned int sample_ms;
	uint64_t time_limit_ns; // 0: none
};

// Wait until all workers are there; an error where one is a process that has
// ended, and so will never be.
int control_wait(struct control *control, struct gate *gate,
		 struct error *error);

// The same, and let them through.
int control_pass(struct control *control, struct gate *gate,
		 struct error *error);

// From the gate until all have written and the peer has answered.
int control_write(struct control *control, struct error *error);

// Wait until all workers have ended.
int control_join(struct control *control, struct error *error);

// The re-read, from its gate until all threads have ended, or are done.
int control_verify(struct control *control, struct error *error);

#endif
