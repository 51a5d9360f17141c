// SPDX-License-Identifier: GPL-2.0-only
// What all scenarios are handed.
#ifndef SWAPTORTURE_TORTURE_H
#define SWAPTORTURE_TORTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "torture_options.h"
#include "swaps.h"
#include "torture_tally.h"
#include "workloads/lib/error.h"
#include "workloads/lib/stamp.h"

#define TORTURE_FINDINGS 16

// Lines for people: what is wrong with the kernel, or was not reached.
struct findings {
	unsigned int count;
	char lines[TORTURE_FINDINGS][160];
};

struct torture {
	struct options options;
	struct content content;
	struct tally *tally;
	_Atomic uint64_t *progress; // pages written and checked; only rises
	uint64_t mem_total;	    // bytes
	uint64_t deadline_ns;	    // of the scenario under way
	struct swaps swaps;
	struct findings unsound;
	struct findings missed;
};

__attribute__((format(printf, 2, 3))) void
findings_add(struct findings *found, const char *format, ...);

// True once the scenario's time is up; marks it as cut.
bool torture_over(const struct torture *torture);

#endif
