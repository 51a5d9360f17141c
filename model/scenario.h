/* SPDX-License-Identifier: GPL-2.0-only */
/* What is simulated, in the units of the input file. */
#ifndef SWAPSIM_SCENARIO_H
#define SWAPSIM_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>

enum {
	MAX_LOCKS = 64, /* the device counts as one */
	MAX_COUNTS = 64,
	MAX_WORKERS = 1024,
	MAX_SOCKETS = 16,
	MAX_INSTANCES = 1 << 20,
	MAX_SEEDS = 1000,
	MAX_NAME = 64,
};

/* A number and what it is known to: it lies within [low, high]. */
struct figure {
	double value;
	double low;
	double high;
};

#define EXACTLY(v)            \
	{                     \
		(v), (v), (v) \
	}

enum service { DETERMINISTIC, EXPONENTIAL };

/*
 * SPIN: a queued spinlock.  MUTEX: who waits sleeps, and is woken.  RWSEM:
 * readers share it, but the line that counts them goes from one to the next.
 * DEVICE: takes nanoseconds of its own, wherever its user runs.
 */
enum kind { SPIN, MUTEX, RWSEM, DEVICE };

/* Where a page takes the lock. */
enum side { RECLAIM, FAULT };

struct lock {
	char name[MAX_NAME + 1];    /* [A-Za-z0-9_]+ */
	struct figure acquisitions; /* per page, any fraction above 0 */
	struct figure hold; /* instructions per acquisition; DEVICE: ns */
	enum service service;
	enum kind kind;
	enum side side;
	double read_share;  /* RWSEM: of acquisitions, 0..1 */
	struct figure data; /* lines a hold fetches, in machine.lines */
	uint32_t instances; /* independent locks, one picked at random */
};

struct machine {
	struct figure ns_per_instruction;
	struct figure near;  /* ns, cache line between cores of a socket */
	struct figure far;   /* ns, between sockets */
	struct figure lines; /* that a hold fetches from the last holder */
	struct figure wake;  /* ns until one that slept runs */
	uint32_t sockets;    /* workers are dealt out over them in turn */
	uint32_t cores;	     /* of each; 0: as many as there are threads */
};

/*
 * With kswapd, free pages are a pool: faults take from it, reclaim gives to
 * it.  Without, every worker reclaims each page it takes.
 */
struct pool {
	uint32_t kswapds; /* one for each node */
	uint32_t min;	  /* pages: at and under it a fault reclaims directly */
	uint32_t low;	  /* under it kswapd is woken */
	uint32_t high;	  /* kswapd sleeps again */
	uint32_t batch;	  /* pages reclaimed before they are free */
};

struct scenario {
	struct machine machine;
	struct figure reclaim; /* instructions per page outside of the locks */
	enum service reclaim_service;
	struct figure fault; /* the same for the fault that takes a page */
	enum service fault_service;
	struct pool pool;
	struct lock locks[MAX_LOCKS];
	uint32_t lock_count;
	uint32_t workers[MAX_COUNTS]; /* ascending */
	uint32_t worker_counts;
	uint64_t seed;
	uint32_t seeds;	 /* runs for each number of workers */
	uint64_t pages;	 /* measured in a run, by all workers */
	uint64_t warmup; /* before that */
};

/*
 * Every figure drawn from its range, evenly.  A figure's place in the range
 * depends on the seed and on its name alone, so two kernels on one machine
 * are drawn the same machine.  Returns whether there was a range at all.
 */
bool scenario_draw(const struct scenario *from, uint64_t seed,
		   struct scenario *to);

#endif
