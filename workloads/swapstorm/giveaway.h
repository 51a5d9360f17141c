// SPDX-License-Identifier: GPL-2.0-only
// Pages given away with MADV_PAGEOUT after they have been touched.
#ifndef SWAPSTORM_GIVEAWAY_H
#define SWAPSTORM_GIVEAWAY_H

#include "worker.h"

// Pages next to each other that were touched one after the other.
struct giveaway {
	uint64_t first;
	uint64_t count;
};

// One more; they go as soon as there are crew->pageout of them.
void giveaway_add(const struct worker *worker, struct giveaway *run,
		  uint64_t page);

#endif
