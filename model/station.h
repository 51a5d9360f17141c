/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One visit to a lock, booked when the visitor arrives.  Visitors arrive in
 * the order of their time and a lock is first come, first served, so all about
 * a visit is known at the arrival.  Inline: it is done for every lock event.
 */
#ifndef SWAPSIM_STATION_H
#define SWAPSIM_STATION_H

#include "exponential.h"
#include "scenario.h"

/* A lock class, its times in ns. */
struct station {
	double hold;
	double read_share;
	double lines;	/* that a hold fetches from the last holder */
	uint64_t rate;	/* acquisitions per page, 32.32 fixed point */
	uint32_t first; /* of its instances */
	uint32_t instances;
	enum service service;
	enum kind kind;
};

/* One lock. */
struct instance {
	double free_at;	      /* of its last holder that excludes others */
	double readers_until; /* RWSEM: of its last reader */
	uint32_t last;	      /* who held it last; NOBODY */
	uint32_t socket;      /* of the last holder */
};

#define NOBODY UINT32_MAX

/* Who visits, and what the way from the last holder to him costs. */
struct visitor {
	uint32_t actor;
	uint32_t socket;
	double now;
	double transfer; /* ns for a cache line from the last holder */
	double stretch;	 /* wall time over CPU time: 1 with a core to himself */
};

struct booking {
	double from;  /* the lock stands still for nobody else from here ... */
	double start; /* the visitor has it */
	double end;
	double until; /* ... to here */
};

/* Where all randomness of a run comes from. */
struct chance {
	struct random random;
	struct exponential exponential;
};

static inline double draw_time(struct chance *chance, double mean,
			       enum service service)
{
	if (service == DETERMINISTIC)
		return mean;
	return mean * exponential_draw(&chance->exponential, &chance->random);
}

/* fmax() without its care for what is not a number. */
static inline double later(double a, double b)
{
	return a > b ? a : b;
}

/*
 * The lock word comes from the last holder, whether he is waited for (a queued
 * spinlock's hand-over) or long gone (a cold line), and so do `lines` lines of
 * what it protects, which makes the hold longer.
 */
static inline struct booking station_book(const struct station *station,
					  struct instance *instance,
					  const struct visitor *visitor,
					  const struct machine *machine,
					  struct chance *chance)
{
	struct booking b;
	double hold = draw_time(chance, station->hold, station->service);
	bool reads = station->kind == RWSEM &&
		     random_unit(&chance->random) < station->read_share;

	b.from = later(visitor->now, instance->free_at);
	if (station->kind == DEVICE) {
		b.start = b.from;
		b.end = b.until = instance->free_at = b.start + hold;
		return b;
	}
	if (station->kind == RWSEM && !reads)
		b.from = later(b.from, instance->readers_until);
	b.start = b.from + visitor->transfer;
	if (station->kind != SPIN && b.from > visitor->now)
		b.start += machine->wake.value;
	b.end = b.start + hold * visitor->stretch +
		station->lines * visitor->transfer;
	b.until = reads ? b.start : b.end;
	if (reads)
		instance->readers_until = later(instance->readers_until, b.end);
	instance->free_at = b.until;
	instance->last = visitor->actor;
	instance->socket = visitor->socket;
	return b;
}

#endif
