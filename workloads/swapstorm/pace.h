// SPDX-License-Identifier: GPL-2.0-only
// An open-loop rate: access n is due at a time that does not depend on how long
// the accesses before it took.  One that comes late is made at once, and its
// latency counts from when it was due, so that a stall is not counted once
// where it held up a thousand accesses ("coordinated omission").
#ifndef SWAPSTORM_PACE_H
#define SWAPSTORM_PACE_H

#include <stdint.h>

struct pace {
	uint64_t begin_ns;
	uint64_t threads;
	uint64_t rate; // accesses per second of all threads together
	uint64_t index;
};

// When this thread's access n is due; threads take turns.
uint64_t pace_due(const struct pace *pace, uint64_t n);

// Sleep until then, if it is not past.
void pace_wait(uint64_t due_ns);

#endif
