/* SPDX-License-Identifier: GPL-2.0-only */
/* What is simulated, in the units of the input file. */
#ifndef SWAPSIM_SCENARIO_H
#define SWAPSIM_SCENARIO_H

#include <stdint.h>

enum {
	MAX_LOCKS = 64,
	MAX_COUNTS = 64,
	MAX_WORKERS = 1024,
	MAX_INSTANCES = 1 << 20,
	MAX_SEEDS = 1000,
	MAX_NAME = 64,
};

enum service { DETERMINISTIC, EXPONENTIAL };

struct lock {
	char name[MAX_NAME + 1]; /* [A-Za-z0-9_]+ */
	double acquisitions;	 /* per page, any fraction above 0 */
	double hold;		 /* instructions per acquisition, mean */
	enum service service;
	uint32_t instances; /* independent locks, one picked at random */
};

struct scenario {
	double ns_per_instruction;
	double private_work; /* instructions per page outside of the locks */
	enum service private_service;
	double hand_over; /* ns from a holder to one that waited */
	struct lock locks[MAX_LOCKS];
	uint32_t lock_count;
	uint32_t workers[MAX_COUNTS]; /* ascending */
	uint32_t worker_counts;
	uint64_t seed;
	uint32_t seeds;	 /* runs for each number of workers */
	uint64_t pages;	 /* measured in a run, per worker */
	uint64_t warmup; /* before that, per worker */
};

#endif
