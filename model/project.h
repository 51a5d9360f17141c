/* SPDX-License-Identifier: GPL-2.0-only */
/* All runs of a scenario, and what theory bounds them by. */
#ifndef SWAPSIM_PROJECT_H
#define SWAPSIM_PROJECT_H

#include "simulate.h"

/*
 * Mean and deviation are of the runs with every figure at its value; low and
 * high enclose all runs, with those whose figures are drawn from their ranges.
 */
struct spread {
	double mean;
	double low;
	double high;
	double deviation; /* standard, of the sample; 0 for one seed */
};

struct point {
	uint32_t workers;
	struct spread pages_per_s;
	/*
	 * No closed network does better than its bounds: threads that never
	 * wait, cores that are never idle, workers that do nothing but fault,
	 * the lock with the largest demand held all the time (Denning and
	 * Buzen, "The operational analysis of queueing network models", 1978).
	 */
	double bound;
	double direct; /* means over the seeds, figures at value */
	struct lock_share locks[MAX_LOCKS];
	double drawn[MAX_SEEDS]; /* pages/s of each seed's drawn figures */
	uint64_t visits;
};

struct projection {
	uint32_t saturating;   /* lock with the largest demand; with locks */
	double largest_demand; /* s per page and instance; 0 without locks */
	double page_time;      /* s per page without waiting */
	/* Workers at which the two bounds meet; 0 without locks. */
	double saturation_workers;
	bool ranges; /* whether any figure has one; else nothing is drawn */
	uint32_t count;
	struct point points[MAX_COUNTS];
};

int project(const struct scenario *scenario, struct projection *projection,
	    struct error *error);

#endif
