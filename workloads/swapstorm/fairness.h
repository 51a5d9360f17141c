// SPDX-License-Identifier: GPL-2.0-only
// How evenly the threads got on while all of them ran.
#ifndef SWAPSTORM_FAIRNESS_H
#define SWAPSTORM_FAIRNESS_H

#include "worker.h"

struct fairness {
	uint64_t pages; // of all in the steady phase; 0: the others are 0
	double min_max; // the slowest thread's pages over the fastest's
	double jain;	// (sum x)^2 / (n sum x^2): 1 if all are equal, or 1/n
};

struct fairness fairness_of(const struct worker *workers, unsigned int threads);

#endif
