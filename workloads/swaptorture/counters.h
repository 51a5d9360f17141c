// SPDX-License-Identifier: GPL-2.0-only
// What the kernel counts while a scenario runs.
#ifndef SWAPTORTURE_COUNTERS_H
#define SWAPTORTURE_COUNTERS_H

#include <stdint.h>

#include "workloads/lib/error.h"

struct counters {
	uint64_t ns; // CLOCK_MONOTONIC
	uint64_t pswpout, pswpin, pglazyfreed;
	uint64_t thp_swpout, thp_swpout_fallback;
};

int counters_read(struct counters *counters, struct error *error);

// What was added from one reading to the next.
struct counters counters_between(const struct counters *begin,
				 const struct counters *end);

#endif
