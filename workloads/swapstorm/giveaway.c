// SPDX-License-Identifier: GPL-2.0-only
#include <sys/mman.h>

#include "giveaway.h"

static void give_away(const struct worker *worker, const struct giveaway *run)
{
	// It was tried out on this region; what it cannot do now, it leaves.
	madvise(worker_page(worker, run->first),
		run->count * worker->crew->content.page_size, MADV_PAGEOUT);
}

void giveaway_add(const struct worker *worker, struct giveaway *run,
		  uint64_t page)
{
	if (run->count && page != run->first + run->count) {
		give_away(worker, run);
		run->count = 0;
	}
	if (!run->count)
		run->first = page;
	if (++run->count >= worker->crew->pageout) {
		give_away(worker, run);
		run->count = 0;
	}
}
