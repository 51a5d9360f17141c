/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happens next: a winner tree with one leaf for every actor, so that any
 * actor's time can be set, not only the earliest's (one that sleeps is woken
 * by another).  Inline, because this is where a run spends its time.
 */
#ifndef SWAPSIM_EVENTS_H
#define SWAPSIM_EVENTS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

struct event {
	double time; /* ns; INFINITY for one that sleeps */
	uint32_t actor;
};

/* More than MAX_WORKERS and their kswapds. */
#define EVENT_ACTORS 2048

struct events {
	/*
	 * node[1] is the earliest, node[actors + i] actor i's, each as a key:
	 * time and actor in one word, so that a level of the tree takes one
	 * comparison and one move.  The earliest of all does not depend on who
	 * is compared first, so any number of leaves will do.
	 */
	uint64_t *node;
	double *time; /* of each actor, whole */
	uint32_t actors;
};

/*
 * Times are not negative, so their bits are in the order of their values.  The
 * actor stands in the lowest ones: times that differ by less than one part in
 * 2^41 count as equal, and of these the lower number comes first, so that a run
 * repeats exactly.
 */
static inline uint64_t event_key(uint32_t actor, double time)
{
	uint64_t bits;

	memcpy(&bits, &time, sizeof(bits));
	return (bits & ~(uint64_t)(EVENT_ACTORS - 1)) | actor;
}

/* All asleep; `node` has room for 2 * actors, `time` for actors. */
static inline void events_init(struct events *events, uint64_t *node,
			       double *time, uint32_t actors)
{
	events->node = node;
	events->time = time;
	events->actors = actors;
	for (uint32_t i = 0; i < actors; i++) {
		time[i] = INFINITY;
		node[actors + i] = event_key(i, INFINITY);
	}
	for (uint32_t i = actors; i-- > 1;)
		node[i] = node[2 * i] < node[2 * i + 1] ? node[2 * i]
							: node[2 * i + 1];
}

static inline struct event events_next(const struct events *events)
{
	uint32_t actor = events->node[1] & (EVENT_ACTORS - 1);

	return (struct event){events->time[actor], actor};
}

static inline void events_set(struct events *events, uint32_t actor,
			      double time)
{
	uint64_t *node = events->node;
	uint64_t first = event_key(actor, time);
	uint32_t at = events->actors + actor;

	events->time[actor] = time;
	node[at] = first;
	while (at > 1) {
		uint64_t other = node[at ^ 1];

		first = other < first ? other : first;
		at /= 2;
		node[at] = first;
	}
}

#endif
