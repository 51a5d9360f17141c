// SPDX-License-Identifier: GPL-2.0-only
// What comes after all has been written, each a phase of its own, between two
// gates: pages are read back in, the swap devices are taken off, memory is
// given back.
#ifndef SWAPSTORM_AFTER_H
#define SWAPSTORM_AFTER_H

#include <stdbool.h>
#include <stdint.h>

#include "gate.h"
#include "workloads/lib/error.h"
#include "workloads/lib/procfs.h"

struct control;
struct worker;

enum after {
	AFTER_SWAPIN, // a word of every page is read
	AFTER_DROP,   // what RAM cannot hold is unmapped, for swapoff
	AFTER_FREE,   // regions are unmapped, or processes end
	AFTERS,
};

// How the pages are read that come back.
enum swapin { SWAPIN_NONE, SWAPIN_SEQUENTIAL, SWAPIN_RANDOM };

struct after_plan {
	bool asked[AFTERS];
	enum swapin order;
	uint64_t keep; // pages of each region that swapoff brings back
	struct gate begin[AFTERS], end[AFTERS];
};

// Of one such phase; pages: what it was about.
struct after_span {
	bool done;
	struct reading begin, end;
	struct detail before, behind;
	uint64_t pages;
};

struct afters {
	struct after_span swapin, swapoff, free;
};

// In a worker: what is asked for of this.
void after_work(struct worker *worker, enum after which);

// In the parent, in this order; those not asked for do nothing.
int after_swapin(struct control *control, struct error *error);
int after_swapoff(struct control *control, struct error *error);
int after_free(struct control *control, struct error *error);

#endif
