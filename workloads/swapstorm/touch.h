// SPDX-License-Identifier: GPL-2.0-only
// One access to one byte of a page, and how long it took.
#ifndef SWAPSTORM_TOUCH_H
#define SWAPSTORM_TOUCH_H

#include "worker.h"

// From `due_ns` if there is a rate, so that what waited is counted as waiting.
// `faults` is the thread's count of major faults so far.
void touch_timed(struct worker *worker, uint64_t page, bool write,
		 uint64_t due_ns, uint64_t *faults);

#endif
