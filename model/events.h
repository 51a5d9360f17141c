/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happens next: a winner tree with one leaf for every actor, so that any
 * actor's time can be set, not only the earliest's (one that sleeps is woken
 * by another).  Inline, because this is where a run spends its time.
 */
#ifndef SWAPSIM_EVENTS_H
#define SWAPSIM_EVENTS_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

struct event {
	double time; /* ns; INFINITY for one that sleeps */
	uint32_t actor;
};

struct events {
	/* node[1] is the earliest, node[leaves + i] actor i's. */
	struct event *node;
	uint32_t leaves; /* power of two */
};

/* Nodes that `actors` take, node[0] with them. */
static inline uint32_t events_leaves(uint32_t actors)
{
	uint32_t leaves = 1;

	while (leaves < actors)
		leaves *= 2;
	return leaves;
}

/* All asleep; `node` has room for 2 * events_leaves(actors). */
static inline void events_init(struct events *events, struct event *node,
			       uint32_t actors)
{
	events->node = node;
	events->leaves = events_leaves(actors);
	for (uint32_t i = 0; i < events->leaves; i++)
		node[events->leaves + i] = (struct event){INFINITY, i};
	for (uint32_t i = events->leaves; i-- > 1;)
		node[i] = node[2 * i];
}

static inline const struct event *events_next(const struct events *events)
{
	return &events->node[1];
}

/* Times are not negative, so their bits are in the order of their values. */
static inline uint64_t event_order(const struct event *event)
{
	uint64_t bits;

	memcpy(&bits, &event->time, sizeof(bits));
	return bits;
}

/*
 * Of two at the same time the lower number comes first, so that a run repeats
 * exactly: the one on the left, which `at & 1` makes win against its equal.
 */
static inline void events_set(struct events *events, uint32_t actor,
			      double time)
{
	struct event *node = events->node;
	struct event first = {time, actor};
	uint32_t at = events->leaves + actor;

	node[at] = first;
	while (at > 1) {
		const struct event *other = &node[at ^ 1];
		bool loses =
			event_order(other) < event_order(&first) + (at & 1);

		first.time = loses ? other->time : first.time;
		first.actor = loses ? other->actor : first.actor;
		at /= 2;
		node[at] = first;
	}
}

#endif
