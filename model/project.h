/* SPDX-License-Identifier: GPL-2.0-only */
/* All runs of a scenario, and what theory bounds them by. */
#ifndef SWAPSIM_PROJECT_H
#define SWAPSIM_PROJECT_H

#include "simulate.h"

/* Over the seeds. */
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
	 * No closed network does better than min(N / R, 1 / D): N workers who
	 * never wait, R being a page's time without waiting, and the lock with
	 * the largest demand D held all the time (Denning and Buzen, "The
	 * operational analysis of queueing network models", 1978).
	 */
	double bound;
	struct lock_share locks[MAX_LOCKS]; /* mean over the seeds */
	uint64_t visits;
};

struct projection {
	uint32_t
		saturating; /* lock with the largest demand; valid with locks */
	double largest_demand; /* s per page and instance; 0 without locks */
	double page_time;      /* s per page without waiting */
	/* Workers at which the two bounds meet; 0 without locks. */
	double saturation_workers;
	uint32_t count;
	struct point points[MAX_COUNTS];
};

int project(const struct scenario *scenario, struct projection *projection,
	    struct error *error);

#endif
