// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <time.h>

#include "benchmark.h"
#include "simulate.h"

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
 * Sixteen workers and three contended locks, every time drawn from an
 * exponential: the dearest case, with 7 lock events to a page.  The figures
 * make the locks busy without saturating one, so that both ways through a
 * visit are taken.
 */
static const struct scenario load = {
	.ns_per_instruction = 0.5,
	.private_work = 20000,
	.private_service = EXPONENTIAL,
	.locks =
		{
			{"tree", 2, 400, EXPONENTIAL, 1},
			{"cluster", 4, 200, EXPONENTIAL, 1},
			{"cgroup", 1, 300, EXPONENTIAL, 1},
		},
	.lock_count = 3,
	.pages = 200000,
};

int benchmark(FILE *to, struct error *error)
{
	const uint32_t workers = 16;
	double begin = 0;
	double end = 0;
	struct run run;

	if (cpu_seconds(&begin, error) ||
	    simulate(&load, workers, 1, &run, error) ||
	    cpu_seconds(&end, error))
		return -1;
	fprintf(to,
		"%llu lock events in %.3f s of CPU: %.1f million events/s "
		"(%u workers, %u locks, exponential)\n",
		(unsigned long long)run.visits, end - begin,
		(double)run.visits / (end - begin) / 1e6, workers,
		load.lock_count);
	return 0;
}
