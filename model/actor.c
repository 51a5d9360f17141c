// SPDX-License-Identifier: GPL-2.0-only
/*
 * A worker faults pages in and, when few are free, reclaims a batch; a kswapd
 * reclaims batch after batch until enough are free, and sleeps.  To reclaim a
 * page is work, a visit to a lock, work, the next visit, until it is done.
 *
 * The only frequent event is an arrival at a lock, which books the whole visit
 * (see station.h): one tree operation for a lock acquisition, where separate
 * events for arrival, grant and release would make three.
 */
#include <stdlib.h>

#include "actor.h"

/* gcc leaves calls where these saves and restores of all registers cost 5%. */
#define BY_ORDER inline __attribute__((always_inline))

static bool pooled(const struct sim *sim)
{
	return sim->scenario->pool.kswapds > 0;
}

/*
 * Threads of a socket share its cores evenly: with three on two cores, all
 * takes 1.5 times its CPU time.
 */
static void change_running(struct sim *sim, uint32_t socket, int by)
{
	struct socket *s = &sim->socket[socket];
	uint32_t cores = sim->scenario->machine.cores;

	s->running += (uint32_t)by;
	s->stretch = cores > 0 && s->running > cores
			     ? (double)s->running / cores
			     : 1;
}

/*
 * Visits of a page go round its locks: one to each that is still owed some, in
 * the order of the input, and round again.  Without a branch, which would be
 * mispredicted at every other visit.
 */
static uint32_t next_lock(struct actor *actor, uint32_t *owed, uint32_t after)
{
	uint64_t beyond = actor->pending & ~(((uint64_t)2 << after) - 1);
	uint32_t lock =
		(uint32_t)__builtin_ctzll(beyond ? beyond : actor->pending);

	owed[lock]--;
	actor->pending &= ~((uint64_t)(owed[lock] == 0) << lock);
	return lock;
}

/*
 * A rate that is not whole is paid as whole visits when they fall due: 2.25
 * makes 2, 2, 2, 3.  In fixed point, so that no rounding adds up over a run.
 */
static void begin_page(struct sim *sim, uint32_t id, enum task task)
{
	struct actor *actor = &sim->actor[id];
	bool faults = task == TASK_FAULT;
	uint32_t first = faults ? sim->reclaim_stations : 0;
	uint32_t end = faults ? sim->stations : sim->reclaim_stations;
	uint32_t *owed = sim->owed + (size_t)id * sim->stations;
	uint32_t *carried = sim->carried + (size_t)id * sim->stations;
	double work = faults ? sim->fault_ns : sim->reclaim_ns;
	uint32_t visits = 0;

	actor->pending = 0;
	/* Without a pool one page's fault and reclaim are one stretch. */
	if (!pooled(sim))
		work += sim->fault_ns;
	for (uint32_t i = first; i < end; i++) {
		uint64_t due = carried[i] + sim->station[i].rate;

		carried[i] = (uint32_t)due;
		owed[i] = (uint32_t)(due >> 32);
		visits += owed[i];
		actor->pending |= (uint64_t)(owed[i] > 0) << i;
	}
	actor->task = task;
	actor->left = visits;
	actor->segment = work / (visits ? visits : 1);
	actor->next = visits ? next_lock(actor, owed, end - 1) : NO_LOCK;
}

/* The next arrival, a stretch of work after `now`. */
static BY_ORDER void work_from(struct sim *sim, uint32_t id, double now)
{
	const struct actor *actor = &sim->actor[id];
	const struct scenario *s = sim->scenario;
	enum service service = actor->task == TASK_FAULT ? s->fault_service
							 : s->reclaim_service;
	double work = draw_time(&sim->chance, actor->segment, service);

	events_set(&sim->events, id,
		   now + work * sim->socket[actor->socket].stretch);
}

static void begin_batch(struct sim *sim, uint32_t id, double now)
{
	sim->actor[id].batch = sim->scenario->pool.batch;
	begin_page(sim, id, TASK_RECLAIM);
	work_from(sim, id, now);
}

static void wake_kswapds(struct sim *sim, double now)
{
	for (uint32_t id = sim->workers; id < sim->actors; id++) {
		if (sim->actor[id].task != TASK_SLEEP)
			continue;
		change_running(sim, sim->actor[id].socket, 1);
		begin_batch(sim, id, now + sim->scenario->machine.wake.value);
	}
}

/* A worker wants a page. */
static void allocate_page(struct sim *sim, uint32_t id, double now)
{
	const struct pool *pool = &sim->scenario->pool;

	if (sim->free < pool->low)
		wake_kswapds(sim, now);
	if (sim->free <= pool->min) {
		begin_batch(sim, id, now);
		return;
	}
	sim->free--;
	begin_page(sim, id, TASK_FAULT);
	work_from(sim, id, now);
}

static void end_batch(struct sim *sim, uint32_t id, double now)
{
	struct actor *actor = &sim->actor[id];

	sim->free += sim->scenario->pool.batch;
	if (id < sim->workers) {
		allocate_page(sim, id, now);
	} else if (sim->free < sim->scenario->pool.high) {
		begin_batch(sim, id, now);
	} else {
		actor->task = TASK_SLEEP;
		actor->next = NO_LOCK;
		change_running(sim, actor->socket, -1);
		events_set(&sim->events, id, INFINITY);
	}
}

static void visit(struct sim *sim, uint32_t id, double now)
{
	const struct machine *machine = &sim->scenario->machine;
	struct actor *actor = &sim->actor[id];
	uint32_t lock = actor->next;
	const struct station *station = &sim->station[lock];
	struct instance *instance = &sim->instance[station->first];
	struct visitor visitor = {id, actor->socket, now, 0,
				  sim->socket[actor->socket].stretch};
	struct booking b;

	if (station->instances > 1)
		instance +=
			random_below(&sim->chance.random, station->instances);
	if (instance->last != NOBODY) {
		size_t near = instance->socket == actor->socket ? 1 : 2;

		visitor.transfer =
			sim->transfer[instance->last == id ? 0 : near];
	}
	b = station_book(station, instance, &visitor, machine, &sim->chance);
	actor->start = b.start;
	actor->end = b.end;
	actor->lock = lock;
	sim->counts.busy[lock] += b.until - b.from;
	sim->counts.waiting[lock] += b.start - now;
	sim->counts.holding[lock] += b.end - b.start;
	sim->visits++;
}

/* A page has been reclaimed, or will be at actor->end. */
static void count_page(struct sim *sim, uint32_t id)
{
	sim->counts.pages++;
	sim->counts.direct += id < sim->workers;
}

/* Work that ends without a lock: a fault, a page without visits, a batch. */
static void end_work(struct sim *sim, uint32_t id, double now)
{
	struct actor *actor = &sim->actor[id];

	actor->end = now;
	actor->page_done = false;
	if (actor->task == TASK_FAULT) {
		allocate_page(sim, id, now);
		return;
	}
	if (actor->batch > 0) { /* a page without visits */
		count_page(sim, id);
		if (!pooled(sim) || --actor->batch > 0) {
			begin_page(sim, id, TASK_RECLAIM);
			work_from(sim, id, now);
			return;
		}
	}
	end_batch(sim, id, now);
}

static BY_ORDER void sim_step(struct sim *sim)
{
	struct event event = events_next(&sim->events);
	uint32_t id = event.actor;
	struct actor *actor = &sim->actor[id];

	if (actor->next == NO_LOCK) {
		end_work(sim, id, event.time);
		return;
	}
	visit(sim, id, event.time);
	actor->page_done = false;
	if (--actor->left > 0) {
		actor->next =
			next_lock(actor, sim->owed + (size_t)id * sim->stations,
				  actor->next);
		work_from(sim, id, actor->end);
		return;
	}
	if (actor->task == TASK_RECLAIM) {
		actor->page_done = true;
		count_page(sim, id);
		if (!pooled(sim) || --actor->batch > 0) {
			begin_page(sim, id, TASK_RECLAIM);
			work_from(sim, id, actor->end);
			return;
		}
	}
	/* What follows depends on the pool as it is then. */
	actor->next = NO_LOCK;
	events_set(&sim->events, id, actor->end);
}

void sim_run(struct sim *sim, uint64_t pages)
{
	while (sim->counts.pages < pages)
		sim_step(sim);
}

static void set_up_stations(struct sim *sim)
{
	const struct scenario *scenario = sim->scenario;
	double ns = scenario->machine.ns_per_instruction.value;

	sim->reclaim_ns = scenario->reclaim.value * ns;
	sim->fault_ns = scenario->fault.value * ns;
	sim->transfer[1] = scenario->machine.near.value;
	sim->transfer[2] = scenario->machine.far.value;
	for (int side = RECLAIM; side <= FAULT; side++) {
		for (uint32_t i = 0; i < scenario->lock_count; i++) {
			const struct lock *lock = &scenario->locks[i];
			struct station *station = &sim->station[sim->stations];

			/* Without a pool, all is one stretch. */
			if ((pooled(sim) ? (int)lock->side : RECLAIM) != side)
				continue;
			*station = (struct station){
				.hold = lock->hold.value *
					(lock->kind == DEVICE ? 1 : ns),
				.read_share = lock->read_share,
				.lines = lock->data.value *
					 scenario->machine.lines.value,
				.rate = (uint64_t)(lock->acquisitions.value *
							   0x1p32 +
						   0.5),
				.first = sim->instances,
				.instances = lock->instances,
				.service = lock->service,
				.kind = lock->kind,
			};
			sim->instances += lock->instances;
			sim->lock_of[sim->stations++] = i;
		}
		if (side == RECLAIM)
			sim->reclaim_stations = sim->stations;
	}
}

static int allocate(struct sim *sim, struct error *error)
{
	/* One more than may be needed: calloc of nothing may return NULL. */
	size_t pairs = (size_t)sim->actors * sim->stations + 1;

	sim->actor = calloc(sim->actors, sizeof(*sim->actor));
	sim->owed = calloc(pairs, sizeof(*sim->owed));
	sim->carried = calloc(pairs, sizeof(*sim->carried));
	sim->instance = calloc(sim->instances + 1, sizeof(*sim->instance));
	sim->events.node =
		calloc(4 * (size_t)sim->actors, sizeof(*sim->events.node));
	sim->events.time = calloc(sim->actors, sizeof(*sim->events.time));
	if (sim->actor && sim->owed && sim->carried && sim->instance &&
	    sim->events.node && sim->events.time)
		return 0;
	return error_set(error, "no memory for %u threads and %u locks",
			 sim->actors, sim->instances);
}

/* Every worker is somewhere within a page, not all at its beginning. */
static void set_up_actors(struct sim *sim)
{
	uint32_t given = sim->scenario->machine.sockets;
	uint32_t sockets = given > 0 ? given : 1;

	for (uint32_t i = 0; i < sim->actors * sim->stations; i++)
		sim->carried[i] = (uint32_t)random_bits(&sim->chance.random);
	for (uint32_t i = 0; i < sim->instances; i++)
		sim->instance[i].last = NOBODY;
	for (uint32_t i = 0; i < sockets; i++)
		change_running(sim, i, 0);
	events_init(&sim->events, sim->events.node, sim->events.time,
		    sim->actors);
	for (uint32_t i = 0; i < sim->actors; i++) {
		struct actor *actor = &sim->actor[i];

		actor->lock = NO_LOCK;
		actor->next = NO_LOCK;
		actor->task = TASK_SLEEP;
		if (i >= sim->workers) {
			actor->socket = (i - sim->workers) % sockets;
			continue;
		}
		actor->socket = i % sockets;
		actor->batch = 1;
		change_running(sim, actor->socket, 1);
		begin_page(sim, i, pooled(sim) ? TASK_FAULT : TASK_RECLAIM);
		events_set(&sim->events, i,
			   random_unit(&sim->chance.random) *
				   (pooled(sim) ? sim->fault_ns
						: sim->reclaim_ns));
	}
	/* The steady state is near min; low is where kswapd begins. */
	sim->free = sim->scenario->pool.low;
}

int sim_prepare(struct sim *sim, const struct scenario *scenario,
		uint32_t workers, uint64_t seed, struct error *error)
{
	*sim = (struct sim){
		.scenario = scenario,
		.workers = workers,
		.actors = workers + scenario->pool.kswapds,
	};
	random_seed(&sim->chance.random, seed, workers);
	exponential_init(&sim->chance.exponential);
	set_up_stations(sim);
	if (allocate(sim, error))
		return -1;
	set_up_actors(sim);
	return 0;
}

void sim_release(struct sim *sim)
{
	free(sim->actor);
	free(sim->owed);
	free(sim->carried);
	free(sim->instance);
	free(sim->events.node);
	free(sim->events.time);
}
