// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <string.h>

#include "project.h"

#define NS_PER_S 1e9

/* Seconds an acquisition takes, without what the lines between caches add. */
static double hold_time(const struct scenario *s, const struct lock *lock)
{
	double ns =
		lock->kind == DEVICE ? 1 : s->machine.ns_per_instruction.value;

	return lock->hold.value * ns / NS_PER_S;
}

static void find_bounds(const struct scenario *s, struct projection *p)
{
	double scale = s->machine.ns_per_instruction.value / NS_PER_S;

	p->page_time = (s->reclaim.value + s->fault.value) * scale;
	for (uint32_t i = 0; i < s->lock_count; i++) {
		const struct lock *lock = &s->locks[i];
		double held = lock->acquisitions.value * hold_time(s, lock);
		/* Readers exclude nobody. */
		double demand = held * (1 - lock->read_share) / lock->instances;

		p->page_time += held;
		if (demand > p->largest_demand) {
			p->largest_demand = demand;
			p->saturating = i;
		}
	}
	if (p->largest_demand > 0)
		p->saturation_workers = p->page_time / p->largest_demand;
}

static double bound(const struct scenario *s, const struct projection *p,
		    uint32_t workers)
{
	const struct machine *machine = &s->machine;
	uint32_t threads = workers + s->pool.kswapds;
	double most = threads / p->page_time;
	double fault = s->fault.value * machine->ns_per_instruction.value;

	/* Waiting for the device keeps a core, too. */
	if (machine->cores > 0)
		most = fmin(most, (double)machine->sockets * machine->cores /
					  p->page_time);
	if (fault > 0)
		most = fmin(most, workers * NS_PER_S / fault);
	if (p->largest_demand > 0)
		most = fmin(most, 1 / p->largest_demand);
	return most;
}

static void widen(struct spread *spread, double rate, bool first)
{
	spread->low = first ? rate : fmin(spread->low, rate);
	spread->high = first ? rate : fmax(spread->high, rate);
}

/* Means and squared deviations as they come (Welford 1962). */
static void add_run(struct point *point, const struct run *run, uint32_t n,
		    uint32_t locks, double *squares)
{
	struct spread *spread = &point->pages_per_s;
	double off = run->pages_per_s - spread->mean;

	spread->mean += off / n;
	*squares += off * (run->pages_per_s - spread->mean);
	widen(spread, run->pages_per_s, n == 1);
	point->visits += run->visits;
	point->direct += (run->direct - point->direct) / n;
	for (uint32_t i = 0; i < locks; i++) {
		struct lock_share *mean = &point->locks[i];
		const struct lock_share *one = &run->locks[i];

		mean->utilisation += (one->utilisation - mean->utilisation) / n;
		mean->waiting += (one->waiting - mean->waiting) / n;
		mean->holding += (one->holding - mean->holding) / n;
	}
}

static int run_seeds(const struct scenario *scenario, struct projection *p,
		     struct point *point, struct error *error)
{
	struct scenario drawn;
	double squares = 0;
	struct run run;

	for (uint32_t i = 0; i < scenario->seeds; i++) {
		uint64_t seed = scenario->seed + i;

		if (simulate(scenario, point->workers, seed, &run, error))
			return -1;
		add_run(point, &run, i + 1, scenario->lock_count, &squares);
		p->ranges = scenario_draw(scenario, seed, &drawn);
		if (!p->ranges)
			continue;
		if (simulate(&drawn, point->workers, seed, &run, error))
			return -1;
		widen(&point->pages_per_s, run.pages_per_s, false);
		point->drawn[i] = run.pages_per_s;
	}
	if (scenario->seeds > 1)
		point->pages_per_s.deviation =
			sqrt(squares / (scenario->seeds - 1));
	return 0;
}

int project(const struct scenario *scenario, struct projection *projection,
	    struct error *error)
{
	memset(projection, 0, sizeof(*projection));
	find_bounds(scenario, projection);
	projection->count = scenario->worker_counts;
	for (uint32_t i = 0; i < projection->count; i++) {
		struct point *point = &projection->points[i];

		point->workers = scenario->workers[i];
		point->bound = bound(scenario, projection, point->workers);
		if (run_seeds(scenario, projection, point, error))
			return -1;
	}
	return 0;
}
