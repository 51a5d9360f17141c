// SPDX-License-Identifier: GPL-2.0-only
// What the kernel counts while a scenario runs.
#ifndef SWAPTORTURE_VMCOUNTS_H
#define SWAPTORTURE_VMCOUNTS_H

#include <stdint.h>

#include "workloads/lib/error.h"

struct vmcounts {
	uint64_t ns; // CLOCK_MONOTONIC
	uint64_t pswpout, pswpin, pglazyfreed;
	uint64_t thp_swpout, thp_swpout_fallback;
};

int vmcounts_read(struct vmcounts *counters, struct error *error);

// What was added from one reading to the next.
struct vmcounts vmcounts_between(const struct vmcounts *begin,
				 const struct vmcounts *end);

#endif
