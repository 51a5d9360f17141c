// SPDX-License-Identifier: GPL-2.0-only
// What is done to the kernel, one scenario after the other.
#ifndef SWAPTORTURE_SCENARIO_H
#define SWAPTORTURE_SCENARIO_H

#include "vmcounts.h"
#include "torture.h"

enum { SCENARIOS = 9 };

// What one scenario did.
struct deed {
	struct vmcounts counters;
	uint64_t verified, bad, pageouts, forks, exhausted;
	uint64_t merged, merged_out, poisoned, survived;
	uint64_t swapoffs;   // of a device that held pages
	uint64_t refusals;   // swap charges that a control group refused
	uint64_t injections; // allocations that were made to fail
	bool cut;	     // the time was up before the work was done
};

struct scenario {
	const char *name;
	bool guest; // changes the machine: only in a guest
	int (*run)(struct torture *torture, struct deed *deed,
		   struct error *error);
	uint64_t (*reached)(const struct deed *deed);
	const char *missed; // what is to be said where that is 0
};

extern const struct scenario scenarios[SCENARIOS];

// One scenario within its time; what it did not reach goes into `missed`.
int scenario_run(const struct scenario *scenario, struct torture *torture,
		 struct deed *deed, struct error *error);

// Each in a file of its own.
int run_writers(struct torture *torture, struct deed *deed,
		struct error *error);
int run_shared(struct torture *torture, struct deed *deed, struct error *error);
int run_advice(struct torture *torture, struct deed *deed, struct error *error);
int run_swapoff(struct torture *torture, struct deed *deed,
		struct error *error);
int run_refused(struct torture *torture, struct deed *deed,
		struct error *error);
int run_full(struct torture *torture, struct deed *deed, struct error *error);
int run_nodes(struct torture *torture, struct deed *deed, struct error *error);
int run_merged(struct torture *torture, struct deed *deed, struct error *error);
int run_poisoned(struct torture *torture, struct deed *deed,
		 struct error *error);

// Bytes of the regions of those that need no pressure from full RAM.
uint64_t scenario_small(const struct torture *torture);

#endif
