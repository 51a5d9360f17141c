// SPDX-License-Identifier: GPL-2.0-only
// How long the touches of pages took, by what the kernel had to do.
#ifndef SWAPSTORM_LATENCY_H
#define SWAPSTORM_LATENCY_H

#include "hist.h"

enum touch {
	TOUCH_FIRST,	// nobody had written the page before
	TOUCH_RESIDENT, // it was in memory, mapped or in the swap cache
	TOUCH_SWAP_IN,	// the kernel counted a major fault
	TOUCHES,
};

struct latency {
	struct hist of[TOUCHES];
};

// Major faults of the calling thread; a system call.
uint64_t latency_major_faults(void);

const char *latency_name(enum touch touch);

#endif
