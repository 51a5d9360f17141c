/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What happens next: a binary heap with exactly one pending event for every
 * worker, so an event is never inserted or removed, only replaced at the top.
 * Inline, because this is where a run spends its time.
 */
#ifndef SWAPSIM_EVENTS_H
#define SWAPSIM_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

struct event {
	double time; /* ns */
	uint32_t worker;
};

struct events {
	struct event *heap; /* the earliest is heap[0] */
	uint32_t count;
};

/* Equal times are told apart by worker, so that a run repeats exactly. */
static inline bool event_before(const struct event *a, const struct event *b)
{
	return a->time < b->time ||
	       (a->time == b->time && a->worker < b->worker);
}

static inline void events_sift(struct events *events, uint32_t at,
			       struct event event)
{
	struct event *heap = events->heap;
	uint32_t child;

	while ((child = 2 * at + 1) < events->count) {
		child += child + 1 < events->count &&
			 event_before(&heap[child + 1], &heap[child]);
		if (!event_before(&heap[child], &event))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = event;
}

/* Bring heap[0..count) into order. */
static inline void events_order(struct events *events)
{
	for (uint32_t at = events->count / 2; at-- > 0;)
		events_sift(events, at, events->heap[at]);
}

/* The worker of the earliest event will next do something at `time`. */
static inline void events_replace(struct events *events, double time)
{
	struct event event = {time, events->heap[0].worker};

	events_sift(events, 0, event);
}

#endif
