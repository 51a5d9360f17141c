// SPDX-License-Identifier: GPL-2.0-only
#include "phases.h"

void phases_start(struct phases *phases, const struct reading *reading,
		  uint64_t settle)
{
	*phases = (struct phases){.now = PHASE_FILL, .settle = settle};
	phases->fill.begin = *reading;
}

bool phases_wants(const struct phases *phases, bool first_done, bool all_done)
{
	switch (phases->now) {
	case PHASE_FILL:
		return true;
	case PHASE_STEADY:
		return first_done;
	case PHASE_TEARDOWN:
		return all_done;
	case PHASE_WRITTEN:
		break;
	}
	return false;
}

unsigned int phases_step(struct phases *phases, const struct reading *reading,
			 bool first_done, bool all_done)
{
	unsigned int changes = 0;

	// A rise that is only seen when a thread has finished already leaves
	// no window in which all threads ran in full RAM.
	if (phases->now == PHASE_FILL && first_done) {
		phases->fill.end = *reading;
		phases->teardown.begin = *reading;
		phases->now = PHASE_TEARDOWN;
	} else if (phases->now == PHASE_FILL &&
		   reading->pswpout >
			   phases->fill.begin.pswpout + phases->settle) {
		phases->fill.end = *reading;
		phases->steady.begin = *reading;
		phases->has_steady = true;
		phases->now = PHASE_STEADY;
		changes |= PHASE_STEADY_BEGAN;
	} else if (phases->now == PHASE_STEADY && first_done) {
		phases->steady.end = *reading;
		phases->teardown.begin = *reading;
		phases->now = PHASE_TEARDOWN;
		changes |= PHASE_STEADY_ENDED;
	}
	if (phases->now == PHASE_TEARDOWN && all_done) {
		phases->teardown.end = *reading;
		phases->now = PHASE_WRITTEN;
	}
	return changes;
}

const char *phases_outcome(const struct phases *phases)
{
	if (phases->has_steady)
		return "ok";
	return phases->teardown.end.pswpout > phases->fill.begin.pswpout
		       ? "no-steady"
		       : "no-pressure";
}
