// SPDX-License-Identifier: GPL-2.0-only
/*
 * Workers in a closed loop: private work, a visit to a lock, private work,
 * the next visit, until the page is done.
 *
 * The only event is a worker's arrival at a lock.  Arrivals are taken in the
 * order of their time and the locks are first come, first served, so when a
 * worker arrives, everything about its visit is known: it starts when all who
 * came before are through, and ends a hold later.  That makes one heap
 * operation for a lock acquisition, where separate events for arrival, grant
 * and release would make three.
 *
 * What is booked at an arrival may lie in the future.  take_counts() takes
 * that part out again, so the measured window is exact at both its ends.
 */
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "random.h"
#include "simulate.h"

#define NS_PER_S 1e9
#define NO_LOCK	 UINT32_MAX

/* A lock with its times in ns. */
struct station {
	double hold;
	enum service service;
	uint32_t instances;
	uint32_t first; /* of its instances, in free_at[] */
	uint64_t rate;	/* acquisitions per page, 32.32 fixed point */
};

struct worker {
	double segment; /* ns of private work before each visit of this page */
	double start;	/* of the visit last booked */
	double end;
	uint32_t lock;	/* of the visit last booked; NO_LOCK before the first */
	uint32_t next;	/* lock to arrive at; NO_LOCK for a page without any */
	uint32_t left;	/* visits left in this page, with the next */
	bool page_done; /* the visit last booked ended a page */
};

/* Totals since the run began. */
struct counts {
	double time;
	uint64_t pages;
	double busy[MAX_LOCKS];
	double waiting[MAX_LOCKS];
	double holding[MAX_LOCKS];
};

struct sim {
	const struct scenario *scenario;
	struct random random;
	uint32_t workers;
	uint32_t stations;
	uint32_t instances;  /* of all locks together */
	double private_work; /* ns per page */
	struct station station[MAX_LOCKS];
	struct worker *worker;
	uint32_t *owed;	   /* [worker][lock]: visits left in this page */
	uint32_t *carried; /* [worker][lock]: fraction of a visit, in 2^-32 */
	double *free_at;   /* [instance] */
	struct events events;
	struct counts counts;
	uint64_t visits;
};

static double draw(struct random *random, double mean, enum service service)
{
	return service == EXPONENTIAL ? random_exponential(random, mean) : mean;
}

/*
 * Visits of a page go round the locks: one to each that is still owed some,
 * in the order of the input, and round again.
 */
static uint32_t next_lock(const struct sim *sim, uint32_t *owed, uint32_t after)
{
	uint32_t lock = after;

	do {
		if (++lock >= sim->stations)
			lock = 0;
	} while (!owed[lock]);
	owed[lock]--;
	return lock;
}

/*
 * A rate that is not whole is paid as whole visits when they fall due: 2.25
 * makes 2, 2, 2, 3.  In fixed point, so that no rounding adds up over a run.
 */
static void begin_page(struct sim *sim, uint32_t id)
{
	struct worker *worker = &sim->worker[id];
	uint32_t *owed = sim->owed + (size_t)id * sim->stations;
	uint32_t *carried = sim->carried + (size_t)id * sim->stations;
	uint32_t visits = 0;

	for (uint32_t i = 0; i < sim->stations; i++) {
		uint64_t due = carried[i] + sim->station[i].rate;

		carried[i] = (uint32_t)due;
		owed[i] = (uint32_t)(due >> 32);
		visits += owed[i];
	}
	worker->left = visits;
	worker->segment = sim->private_work / (visits ? visits : 1);
	worker->next = visits ? next_lock(sim, owed, sim->stations) : NO_LOCK;
}

/* Book the visit of a worker that arrives at `now`. */
static void visit(struct sim *sim, struct worker *worker, double now)
{
	uint32_t lock = worker->next;
	const struct station *station = &sim->station[lock];
	uint32_t instance = station->first;
	double *free_at;
	double from = now;

	if (station->instances > 1)
		instance += random_below(&sim->random, station->instances);
	free_at = &sim->free_at[instance];
	worker->start = now;
	if (*free_at > now) {
		from = *free_at;
		worker->start = from + sim->scenario->hand_over;
	}
	worker->end = worker->start +
		      draw(&sim->random, station->hold, station->service);
	worker->lock = lock;
	*free_at = worker->end;
	sim->counts.busy[lock] += worker->end - from;
	sim->counts.waiting[lock] += worker->start - now;
	sim->counts.holding[lock] += worker->end - worker->start;
	sim->visits++;
}

static void step(struct sim *sim)
{
	const struct event event = sim->events.heap[0];
	struct worker *worker = &sim->worker[event.worker];

	if (worker->next == NO_LOCK) {
		worker->end = event.time;
		worker->left = 1;
	} else {
		visit(sim, worker, event.time);
	}
	worker->page_done = --worker->left == 0;
	if (worker->page_done) {
		sim->counts.pages++;
		begin_page(sim, event.worker);
	} else {
		worker->next = next_lock(
			sim, sim->owed + (size_t)event.worker * sim->stations,
			worker->next);
	}
	events_replace(&sim->events,
		       worker->end + draw(&sim->random, worker->segment,
					  sim->scenario->private_service));
}

/* The totals at `now`, which no event still to come precedes. */
static void take_counts(const struct sim *sim, double now, struct counts *at)
{
	*at = sim->counts;
	at->time = now;
	for (uint32_t i = 0; i < sim->workers; i++) {
		const struct worker *worker = &sim->worker[i];

		if (worker->lock == NO_LOCK || worker->end <= now)
			continue;
		if (worker->page_done)
			at->pages--;
		if (worker->start > now) {
			at->waiting[worker->lock] -= worker->start - now;
			at->holding[worker->lock] -=
				worker->end - worker->start;
		} else {
			at->holding[worker->lock] -= worker->end - now;
		}
	}
	/* From now until it is free, a lock has no pause. */
	for (uint32_t i = 0; i < sim->stations; i++) {
		const struct station *station = &sim->station[i];
		const double *free_at = sim->free_at + station->first;

		for (uint32_t j = 0; j < station->instances; j++)
			if (free_at[j] > now)
				at->busy[i] -= free_at[j] - now;
	}
}

static void run_until(struct sim *sim, uint64_t pages)
{
	while (sim->counts.pages < pages)
		step(sim);
}

static void release(struct sim *sim)
{
	free(sim->worker);
	free(sim->owed);
	free(sim->carried);
	free(sim->free_at);
	free(sim->events.heap);
}

static void set_up_stations(struct sim *sim)
{
	const struct scenario *scenario = sim->scenario;

	sim->private_work =
		scenario->private_work * scenario->ns_per_instruction;
	for (uint32_t i = 0; i < sim->stations; i++) {
		const struct lock *lock = &scenario->locks[i];

		sim->station[i] = (struct station){
			.hold = lock->hold * scenario->ns_per_instruction,
			.service = lock->service,
			.instances = lock->instances,
			.first = sim->instances,
			.rate = (uint64_t)(lock->acquisitions * 0x1p32 + 0.5),
		};
		sim->instances += lock->instances;
	}
}

static int allocate(struct sim *sim, struct error *error)
{
	/* One more than may be needed: calloc of nothing may return NULL. */
	size_t pairs = (size_t)sim->workers * sim->stations + 1;

	sim->worker = calloc(sim->workers, sizeof(*sim->worker));
	sim->owed = calloc(pairs, sizeof(*sim->owed));
	sim->carried = calloc(pairs, sizeof(*sim->carried));
	sim->free_at = calloc(sim->instances + 1, sizeof(*sim->free_at));
	sim->events.heap = calloc(sim->workers, sizeof(*sim->events.heap));
	if (sim->worker && sim->owed && sim->carried && sim->free_at &&
	    sim->events.heap)
		return 0;
	return error_set(error, "no memory for %u workers and %u locks",
			 sim->workers, sim->instances);
}

/* Every worker is somewhere within a page, not all at its beginning. */
static void set_up_workers(struct sim *sim)
{
	for (uint32_t i = 0; i < sim->workers * sim->stations; i++)
		sim->carried[i] = (uint32_t)random_bits(&sim->random);
	sim->events.count = sim->workers;
	for (uint32_t i = 0; i < sim->workers; i++) {
		struct worker *worker = &sim->worker[i];

		worker->lock = NO_LOCK;
		begin_page(sim, i);
		sim->events.heap[i] = (struct event){
			random_unit(&sim->random) * sim->private_work, i};
	}
	events_order(&sim->events);
}

static int summarise(const struct sim *sim, const struct counts *from,
		     const struct counts *to, struct run *run,
		     struct error *error)
{
	double window = to->time - from->time;

	if (!(window > 0))
		return error_set(error,
				 "the times of the input lie too far apart: "
				 "%u workers did %llu pages in no time",
				 sim->workers,
				 (unsigned long long)(to->pages - from->pages));
	run->pages_per_s =
		(double)(to->pages - from->pages) / (window / NS_PER_S);
	run->simulated_s = window / NS_PER_S;
	run->visits = sim->visits;
	for (uint32_t i = 0; i < sim->stations; i++) {
		double all = window * sim->workers;

		run->locks[i] = (struct lock_share){
			.utilisation = (to->busy[i] - from->busy[i]) /
				       (window * sim->station[i].instances),
			.waiting = (to->waiting[i] - from->waiting[i]) / all,
			.holding = (to->holding[i] - from->holding[i]) / all,
		};
	}
	return 0;
}

int simulate(const struct scenario *scenario, uint32_t workers, uint64_t seed,
	     struct run *run, struct error *error)
{
	struct sim sim = {
		.scenario = scenario,
		.workers = workers,
		.stations = scenario->lock_count,
	};
	struct counts from;
	struct counts to;
	int failed;

	memset(run, 0, sizeof(*run));
	random_seed(&sim.random, seed, workers);
	set_up_stations(&sim);
	failed = allocate(&sim, error);
	if (!failed) {
		set_up_workers(&sim);
		run_until(&sim, scenario->warmup * workers);
		take_counts(&sim, sim.events.heap[0].time, &from);
		run_until(&sim, (scenario->warmup + scenario->pages) * workers);
		take_counts(&sim, sim.events.heap[0].time, &to);
		failed = summarise(&sim, &from, &to, run, error);
	}
	release(&sim);
	return failed;
}
