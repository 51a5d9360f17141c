// SPDX-License-Identifier: GPL-2.0-only
// Threads that churn, each a region of its own.
#ifndef SWAPTORTURE_CREW_H
#define SWAPTORTURE_CREW_H

#include <pthread.h>
#include <stdatomic.h>

#include "child.h"
#include "churn.h"

struct crew_plan {
	unsigned int threads;
	uint64_t bytes;		  // of all regions together
	unsigned int ops;	  // enum churn_op
	uint64_t steps;		  // of each thread
	unsigned int first_owner; // regions are owned by this and the next
};

struct member {
	struct crew *crew;
	struct churn churn;
	pthread_t thread;
};

struct crew {
	unsigned int threads;
	atomic_uint finished;
	struct member members[OPTIONS_MAX_THREADS];
};

// True once every thread has checked its last page.
bool crew_finished(struct crew *crew);

// Maps the regions and starts the threads.
int crew_start(struct crew *crew, const struct torture *torture,
	       const struct crew_plan *plan, struct error *error);

// Until all have checked their last page; then the regions are gone.
void crew_join(struct crew *crew);

// Start and join.
int crew_run(const struct torture *torture, const struct crew_plan *plan,
	     struct error *error);

// Both, in a child that lives in this control group; "" for none.
int crew_fork(const struct torture *torture, const struct crew_plan *plan,
	      const char *group, pid_t *child, struct error *error);

#endif
