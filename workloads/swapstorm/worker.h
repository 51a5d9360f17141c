// SPDX-License-Identifier: GPL-2.0-only
// A thread that goes through its region, and reads it back if asked to.
#ifndef SWAPSTORM_WORKER_H
#define SWAPSTORM_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "workloads/lib/error.h"
#include "after.h"
#include "gate.h"
#include "latency.h"
#include "list.h"
#include "pace.h"
#include "pattern.h"
#include "placement.h"
#include "region.h"
#include "workloads/lib/stamp.h"

#define WORKER_FIRST_BAD 4

// One cache line each, so that no two threads write to the same one.
struct progress {
	_Alignas(64) _Atomic uint64_t pages; // accesses, then verified too
};

_Static_assert(sizeof(struct progress) == 64, "one line per thread");

// What all threads share.
struct crew {
	struct content content;
	const struct region_plan *plan;
	const struct list *cpus; // thread i runs on one of them
	unsigned int threads;
	bool processes;	 // in place of threads
	uint64_t share;	 // pages of each, if none writes more
	uint64_t passes; // 0: until stop
	bool verify;
	bool bare;	   // a word a page, and nothing else
	bool latency;	   // every touch is timed
	uint64_t rate;	   // accesses a second, of all threads; 0: as they can
	uint64_t pageout;  // pages given away at a time; 0: none
	struct gate ready; // the threads exist; the regions do not yet
	struct gate go;
	struct gate reread;
	struct after_plan after;
	int wake_fd;   // eventfd: written when the first and the last finish
	bool together; // pages are dealt to who is there for more
	_Alignas(64) atomic_bool stop;
	_Alignas(64) atomic_uint finished;
	_Alignas(64) _Atomic int64_t left; // pages to deal; below 0: none
};

struct worker {
	_Alignas(64) struct crew *crew;
	struct progress *progress;
	pthread_t thread;
	pid_t pid;	    // of its process; 0: none, or reaped
	bool failed;	    // its process, before the `ready` gate
	struct error error; // then
	uint32_t index;
	unsigned char *region;
	uint64_t pages;
	uint32_t *generations; // of each page: times written; 0: never
	uint64_t key;	       // of its stamps
	struct walk walk;
	struct latency *latency; // with crew->latency

	uint64_t written;
	uint64_t read; // accesses that only read
	uint64_t sum;  // of what they read, so that they are not left out
	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t user_us; // CPU time of its writing, as the kernel tells
	uint64_t system_us;
	uint64_t steady_begin_pages; // done at that moment; by control
	uint64_t steady_end_pages;
	struct placement placement; // after its last access, with nodes

	uint64_t verified; // pages, every byte
	uint64_t stamps;   // checked before they were written over
	uint64_t bad;
	struct finding first_bad[WORKER_FIRST_BAD];
};

static inline unsigned char *worker_page(const struct worker *worker,
					 uint64_t page)
{
	return worker->region + page * worker->crew->content.page_size;
}

// Pages of the steady phase.
static inline uint64_t worker_steady(const struct worker *worker)
{
	return worker->steady_end_pages - worker->steady_begin_pages;
}

// Start the thread.  It goes through crew->ready and crew->go, works, and
// with crew->verify goes through crew->reread and reads back.
int worker_start(struct worker *worker, struct error *error);

// Map its region.
int worker_map(struct worker *worker, struct error *error);

// What its thread or process does after the `ready` gate.
void worker_work(struct worker *worker);

// Write every page once, for a process to copy.
void worker_populate(struct worker *worker);

// Check what worker_populate wrote; in the parent, whose copy it is.
void worker_verify_original(struct worker *worker);

// Every byte of a page, against what was written last; then it is that.
void worker_check(struct worker *worker, uint64_t page);

void worker_write(struct worker *worker);
void worker_verify(struct worker *worker);

#endif
