// SPDX-License-Identifier: GPL-2.0-only
// The memory that the threads go through, and where it may be.
#ifndef SWAPSTORM_REGION_H
#define SWAPSTORM_REGION_H

#include <stdbool.h>
#include <stddef.h>

#include "workloads/lib/error.h"
#include "list.h"

enum region_kind {
	REGION_PRIVATE,
	REGION_SHARED, // shared anonymous: it is swapped out as shmem
	REGION_COW,    // the parent's, copied as it is written; processes
};

enum region_thp {
	THP_NEVER,   // refused
	THP_MADVISE, // asked for
	THP_ALWAYS,  // neither: the system says "always"
	THP_SYSTEM,  // neither, whatever the system says
};

struct region_plan {
	enum region_kind kind;
	enum region_thp thp;
	const struct list *nodes; // thread i binds its region to one of them
};

// An error if the system does not do with huge pages what `thp` needs.
int region_check_thp(enum region_thp thp, struct error *error);

// An error if this process may not have memory on one of them.
int region_check_nodes(const struct list *nodes, struct error *error);

// Map thread `index`'s region; NULL after an error.
void *region_map(const struct region_plan *plan, unsigned int index,
		 size_t bytes, size_t page_size, struct error *error);

#endif
