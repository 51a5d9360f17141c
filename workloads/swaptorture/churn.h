// SPDX-License-Identifier: GPL-2.0-only
// One thread's work on one region: fill it, change and check it, check it all.
#ifndef SWAPTORTURE_CHURN_H
#define SWAPTORTURE_CHURN_H

#include "torture_region.h"

enum churn_op {
	CHURN_PAGEOUT = 1,
	CHURN_COLD = 2,
	CHURN_FREE = 4,
	CHURN_FORK = 8,
	CHURN_OPS = 15,
	CHURN_WHOLE = 16, // not an op: ops are for the whole region
};

struct churn {
	struct region region;
	unsigned int ops; // which of them a step may choose
	uint64_t steps;	  // unless time is up before
	uint64_t random;  // state
};

// Writes every page; then steps, each of which checks some pages, writes some
// and does one of the ops on some; then checks every page.
void churn_run(struct churn *churn);

#endif
