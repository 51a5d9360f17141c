// SPDX-License-Identifier: GPL-2.0-only
// Workers that are processes, not threads: each has an address space.
#ifndef SWAPSTORM_PROCESS_H
#define SWAPSTORM_PROCESS_H

#include <stdbool.h>

#include "workloads/lib/error.h"
#include "worker.h"

// Fork one that does what worker_start's thread does, on a region it maps by
// itself unless worker->region is there already: that is then its parent's,
// copied page by page as it writes.  All else is in shared memory.
int process_start(struct worker *worker, struct error *error);

// True after an error that a process met before the `ready` gate.
bool process_failed(const struct worker *worker, struct error *error);

// Wait for its end, or look whether it has ended.  An error if it ended in
// another way than by itself.
int process_reap(struct worker *worker, bool wait, struct error *error);

#endif
