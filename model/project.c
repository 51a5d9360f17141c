// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <string.h>

#include "project.h"

#define NS_PER_S 1e9

static void find_bounds(const struct scenario *s, struct projection *p)
{
	double scale = s->ns_per_instruction / NS_PER_S;

	p->page_time = s->private_work * scale;
	for (uint32_t i = 0; i < s->lock_count; i++) {
		double held =
			s->locks[i].acquisitions * s->locks[i].hold * scale;
		double demand = held / s->locks[i].instances;

		p->page_time += held;
		if (demand > p->largest_demand) {
			p->largest_demand = demand;
			p->saturating = i;
		}
	}
	if (p->largest_demand > 0)
		p->saturation_workers = p->page_time / p->largest_demand;
}

static double bound(const struct projection *p, uint32_t workers)
{
	double free_of_waiting = workers / p->page_time;

	if (p->largest_demand > 0)
		return fmin(free_of_waiting, 1 / p->largest_demand);
	return free_of_waiting;
}

/* Means and squared deviations as they come (Welford 1962). */
static void add_run(struct point *point, const struct run *run, uint32_t n,
		    uint32_t locks, double *squares)
{
	struct spread *spread = &point->pages_per_s;
	double off = run->pages_per_s - spread->mean;

	spread->mean += off / n;
	*squares += off * (run->pages_per_s - spread->mean);
	spread->low =
		n == 1 ? run->pages_per_s : fmin(spread->low, run->pages_per_s);
	spread->high = n == 1 ? run->pages_per_s
			      : fmax(spread->high, run->pages_per_s);
	point->visits += run->visits;
	for (uint32_t i = 0; i < locks; i++) {
		struct lock_share *mean = &point->locks[i];
		const struct lock_share *one = &run->locks[i];

		mean->utilisation += (one->utilisation - mean->utilisation) / n;
		mean->waiting += (one->waiting - mean->waiting) / n;
		mean->holding += (one->holding - mean->holding) / n;
	}
}

static int run_seeds(const struct scenario *scenario, struct point *point,
		     struct error *error)
{
	double squares = 0;
	struct run run;

	for (uint32_t i = 0; i < scenario->seeds; i++) {
		if (simulate(scenario, point->workers, scenario->seed + i, &run,
			     error))
			return -1;
		add_run(point, &run, i + 1, scenario->lock_count, &squares);
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
		point->bound = bound(projection, point->workers);
		if (run_seeds(scenario, point, error))
			return -1;
	}
	return 0;
}
