// SPDX-License-Identifier: GPL-2.0-only
// Which phase the run is in: a function of the readings alone.
//
// fill      start .. first reading in which pswpout has risen by more than
//           `settle`: RAM is full, and what it was full of at first is gone
// steady    .. the first thread has finished writing, or the time is up
// teardown  .. all threads have finished writing
// verify    the re-read, if asked for
//
// If the first thread finishes before pswpout has been seen to rise, there is
// no steady phase and fill runs up to that moment.
#ifndef SWAPSTORM_PHASES_H
#define SWAPSTORM_PHASES_H

#include <stdbool.h>

#include "workloads/lib/procfs.h"

enum phase {
	PHASE_FILL,
	PHASE_STEADY,
	PHASE_TEARDOWN,
	PHASE_WRITTEN, // nothing is written any more
};

struct span {
	struct reading begin;
	struct reading end;
};

struct phases {
	enum phase now;
	uint64_t settle; // pages
	bool has_steady;
	bool has_verify;
	struct span fill;
	struct span steady;
	struct span teardown;
	struct span verify;
};

// What a step went through, as bits.
enum phase_change {
	PHASE_STEADY_BEGAN = 1,
	PHASE_STEADY_ENDED = 2,
};

void phases_start(struct phases *phases, const struct reading *reading,
		  uint64_t settle);

// True if a reading taken now could end the phase; else none is needed.
bool phases_wants(const struct phases *phases, bool first_done, bool all_done);

// Go as far as this reading allows.  first_done: a thread has finished or the
// time is up; all_done: all threads have finished.  Returns phase_change bits.
unsigned int phases_step(struct phases *phases, const struct reading *reading,
			 bool first_done, bool all_done);

// "ok", "no-pressure" or "no-steady": see swapstorm(1).
const char *phases_outcome(const struct phases *phases);

#endif
