// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is booked at an arrival may lie in the future.  take_counts() takes
 * that part out again, so the measured window is exact at both its ends.  (Of
 * a rwsem's readers it is nearly so: their line may pause between two.)
 */
#include <string.h>

#include "actor.h"
#include "simulate.h"

#define NS_PER_S 1e9

/* The totals at `now`, which no event still to come precedes. */
static void take_counts(const struct sim *sim, double now, struct counts *at)
{
	*at = sim->counts;
	at->time = now;
	for (uint32_t i = 0; i < sim->actors; i++) {
		const struct actor *actor = &sim->actor[i];

		if (actor->lock == NO_LOCK || actor->end <= now)
			continue;
		if (actor->page_done) {
			at->pages--;
			at->direct -= i < sim->workers;
		}
		if (actor->start > now) {
			at->waiting[actor->lock] -= actor->start - now;
			at->holding[actor->lock] -= actor->end - actor->start;
		} else {
			at->holding[actor->lock] -= actor->end - now;
		}
	}
	/* From now until it is free, a lock has no pause. */
	for (uint32_t i = 0; i < sim->stations; i++) {
		const struct station *station = &sim->station[i];
		const struct instance *one = sim->instance + station->first;

		for (uint32_t j = 0; j < station->instances; j++)
			if (one[j].free_at > now)
				at->busy[i] -= one[j].free_at - now;
	}
}

static int summarise(const struct sim *sim, const struct counts *from,
		     const struct counts *to, struct run *run,
		     struct error *error)
{
	double window = to->time - from->time;
	double all = window * sim->actors;
	uint64_t pages = to->pages - from->pages;

	if (!(window > 0))
		return error_set(error,
				 "the times of the input lie too far apart: "
				 "%u workers did %llu pages in no time",
				 sim->workers, (unsigned long long)pages);
	run->pages_per_s = (double)pages / (window / NS_PER_S);
	run->simulated_s = window / NS_PER_S;
	if (pages > 0)
		run->direct =
			(double)(to->direct - from->direct) / (double)pages;
	run->visits = sim->visits;
	for (uint32_t i = 0; i < sim->stations; i++)
		run->locks[sim->lock_of[i]] = (struct lock_share){
			.utilisation = (to->busy[i] - from->busy[i]) /
				       (window * sim->station[i].instances),
			.waiting = (to->waiting[i] - from->waiting[i]) / all,
			.holding = (to->holding[i] - from->holding[i]) / all,
		};
	return 0;
}

int simulate(const struct scenario *scenario, uint32_t workers, uint64_t seed,
	     struct run *run, struct error *error)
{
	struct sim sim;
	struct counts from;
	struct counts to;
	int failed;

	memset(run, 0, sizeof(*run));
	failed = sim_prepare(&sim, scenario, workers, seed, error);
	if (!failed) {
		sim_run(&sim, scenario->warmup);
		take_counts(&sim, events_next(&sim.events).time, &from);
		sim_run(&sim, scenario->warmup + scenario->pages);
		take_counts(&sim, events_next(&sim.events).time, &to);
		failed = summarise(&sim, &from, &to, run, error);
	}
	sim_release(&sim);
	return failed;
}
