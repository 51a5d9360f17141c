// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "benchmark.h"
#include "simulate.h"

/*
 * All do the same, to the instruction: what one takes longer than another is
 * what else the core does, by the other thread of a core that has two.
 */
enum { RUNS = 5 };

/*
 * CPU time, not wall time: what other programs do on the machine is not the
 * simulator's speed.
 */
static int cpu_seconds(double *seconds, struct error *error)
{
	struct timespec now;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now))
		return error_set(error, "cannot read the CPU clock: %s",
				 strerror(errno));
	*seconds = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
	return 0;
}

/*
 * What a projection runs: sixteen workers and two kswapds on two sockets, three
 * contended locks with 7 acquisitions to a page, the device, every time but the
 * device's drawn from an exponential, which is the dearest case.
 */
static const struct scenario load = {
	.machine = {.ns_per_instruction = EXACTLY(0.5),
		    .near = EXACTLY(50),
		    .far = EXACTLY(110),
		    .lines = EXACTLY(1),
		    .sockets = 2,
		    .cores = 18},
	.reclaim = EXACTLY(12000),
	.reclaim_service = EXPONENTIAL,
	.fault = EXACTLY(8000),
	.fault_service = EXPONENTIAL,
	.pool = {.kswapds = 2,
		 .min = 1000,
		 .low = 1250,
		 .high = 1500,
		 .batch = 32},
	.locks =
		{
			{"tree", EXACTLY(2), EXACTLY(400), EXPONENTIAL, SPIN,
			 RECLAIM, 0, EXACTLY(1), 1},
			{"cluster", EXACTLY(4), EXACTLY(200), EXPONENTIAL, SPIN,
			 RECLAIM, 0, EXACTLY(1), 1},
			{"cgroup", EXACTLY(1), EXACTLY(300), EXPONENTIAL, SPIN,
			 RECLAIM, 0, EXACTLY(1), 1},
			{"device", EXACTLY(1), EXACTLY(300), DETERMINISTIC,
			 DEVICE, RECLAIM, 0, EXACTLY(1), 2},
		},
	.lock_count = 4,
	.pages = 3000000,
};

int benchmark(FILE *to, struct error *error)
{
	const uint32_t workers = 16;
	double best = INFINITY;
	double worst = 0;
	struct run run;

	for (int i = 0; i < RUNS; i++) {
		double begin = 0;
		double end = 0;

		if (cpu_seconds(&begin, error) ||
		    simulate(&load, workers, 1, &run, error) ||
		    cpu_seconds(&end, error))
			return -1;
		best = fmin(best, end - begin);
		worst = fmax(worst, end - begin);
	}
	fprintf(to,
		"%llu lock events in %.3f s of CPU, the best of %d runs "
		"(the worst: %.3f s): %.1f million events/s "
		"(%u workers, %u kswapds, %u locks with the device)\n",
		(unsigned long long)run.visits, best, RUNS, worst,
		(double)run.visits / best / 1e6, workers, load.pool.kswapds,
		load.lock_count);
	return 0;
}
