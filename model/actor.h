/* SPDX-License-Identifier: GPL-2.0-only */
/* Workers and kswapd, and the pool of free pages between them. */
#ifndef SWAPSIM_ACTOR_H
#define SWAPSIM_ACTOR_H

#include "error.h"
#include "events.h"
#include "station.h"

#define NO_LOCK UINT32_MAX

/* What an actor does with the stretch of work it has begun. */
enum task { TASK_FAULT, TASK_RECLAIM, TASK_SLEEP };

struct actor {
	double segment; /* ns of work before each visit of this page */
	double start;	/* of the visit last booked */
	double end;
	uint32_t lock; /* of the visit last booked; NO_LOCK before the first */
	uint32_t next; /* lock to arrive at; NO_LOCK: the work's end */
	uint64_t pending; /* a bit for each lock this page is still to visit */
	uint32_t left;	  /* visits left in this page, with the next */
	uint32_t batch;	  /* pages left to reclaim, with this one */
	uint32_t socket;
	enum task task;
	bool page_done; /* the visit last booked ended a reclaimed page */
};

/* Totals since the run began. */
struct counts {
	double time;
	uint64_t pages;
	uint64_t direct; /* of them by workers */
	double busy[MAX_LOCKS];
	double waiting[MAX_LOCKS];
	double holding[MAX_LOCKS];
};

struct socket {
	uint32_t running; /* threads that are not asleep */
	double stretch;
};

struct sim {
	const struct scenario *scenario;
	struct chance chance;
	uint32_t workers;
	uint32_t actors;   /* workers, then kswapds */
	uint32_t stations; /* those of RECLAIM before those of FAULT */
	uint32_t reclaim_stations;
	uint32_t instances;
	int64_t free;	    /* pages */
	double transfer[3]; /* from oneself, a core of the socket, another
			       socket */
	double reclaim_ns;
	double fault_ns;
	uint32_t lock_of[MAX_LOCKS]; /* station -> its place in the scenario */
	struct station station[MAX_LOCKS];
	struct socket socket[MAX_SOCKETS];
	struct actor *actor;
	uint32_t *owed;	   /* [actor][station]: visits left in this page */
	uint32_t *carried; /* [actor][station]: part of a visit, in 2^-32 */
	struct instance *instance;
	struct events events;
	struct counts counts; /* locks by station */
	uint64_t visits;
};

/* Returns 0, or -1 with one line in `error`; release in both cases. */
int sim_prepare(struct sim *sim, const struct scenario *scenario,
		uint32_t workers, uint64_t seed, struct error *error);

void sim_release(struct sim *sim);

/* Until that many pages have been reclaimed. */
void sim_run(struct sim *sim, uint64_t pages);

#endif
