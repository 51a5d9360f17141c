/* SPDX-License-Identifier: GPL-2.0-only */
/* One run: a number of workers, one seed. */
#ifndef SWAPSIM_SIMULATE_H
#define SWAPSIM_SIMULATE_H

#include "error.h"
#include "scenario.h"

/* Shares of what happened in the measured window, for one lock. */
struct lock_share {
	double utilisation; /* of an instance's time: held or handed over */
	double waiting;	    /* of all threads' time, kswapd's with it */
	double holding;
};

struct run {
	double pages_per_s; /* reclaimed */
	double simulated_s; /* length of the measured window */
	double direct;	    /* share of the pages that workers reclaimed */
	uint64_t visits;    /* lock acquisitions, with those of the warm-up */
	struct lock_share locks[MAX_LOCKS];
};

/* Simulates the figures' values.  Returns 0, or -1 with one line in `error`. */
int simulate(const struct scenario *scenario, uint32_t workers, uint64_t seed,
	     struct run *run, struct error *error);

#endif
