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
	 * node[1] is the earliest, node[leaves + i] actor i's, each as a key:
	 * time and actor in one word, so that a level of the tree takes one
	 * comparison and one move.  A power of two of leaves: ways to the top
	 * of two lengths would be mispredicted.
	 */
	uint64_t *node;
	double *time; /* of each actor, whole */
	uint32_t leaves;
	uint32_t depth;
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

/* All asleep; `node` has room for 4 * actors, `time` for actors. */
static inline void events_init(struct events *events, uint64_t *node,
			       double *time, uint32_t actors)
{
	events->node = node;
	events->time = time;
	events->depth = 0;
	while (1u << events->depth < actors)
		events->depth++;
	events->leaves = 1u << events->depth;
	for (uint32_t i = 0; i < actors; i++)
		time[i] = INFINITY;
	for (uint32_t i = 0; i < events->leaves; i++)
		node[events->leaves + i] = event_key(i, INFINITY);
	for (uint32_t i = events->leaves; i-- > 1;)
		node[i] = node[2 * i] < node[2 * i + 1] ? node[2 * i]
							: node[2 * i + 1];
}

static inline struct event events_next(const struct events *events)
{
	uint32_t actor = events->node[1] & (EVENT_ACTORS - 1);

	return (struct event){events->time[actor], actor};
}

/*
 * Who comes next is known long before this actor's new time, which takes draws
 * and a lock's history to compute.  So the way up is first filled with the
 * earliest of the others, which waits for nothing, and then the new time put in
 * as far as it wins.  In the two lowest levels it does so half and a quarter of
 * the times, without a branch; above, a branch guesses that it does not, and
 * the processor is at the next event while it still computes this one.  That
 * is a good part of the speed (docs/model.md).
 */
static inline void events_set(struct events *events, uint32_t actor,
			      double time)
{
	uint64_t *node = events->node;
	uint64_t key = event_key(actor, time);
	uint64_t others = UINT64_MAX;
	uint32_t at = events->leaves + actor;

	events->time[actor] = time;
	node[at] = key;
	for (uint32_t level = 0; level < events->depth; level++) {
		uint64_t other = node[at ^ 1];

		others = other < others ? other : others;
		at /= 2;
		node[at] = others;
	}
	at = (events->leaves + actor) / 2;
	for (int level = 0; level < 2 && at > 0; level++) {
		node[at] = key < node[at] ? key : node[at];
		at /= 2;
	}
	while (at > 0 && __builtin_expect(key < node[at], 0)) {
		node[at] = key;
		at /= 2;
	}
}

#endif
