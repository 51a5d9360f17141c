// SPDX-License-Identifier: GPL-2.0-only
// On which NUMA nodes the pages of a region really are.
#ifndef SWAPSTORM_PLACEMENT_H
#define SWAPSTORM_PLACEMENT_H

#include <stddef.h>
#include <stdint.h>

#include "workloads/lib/error.h"

// Pages in memory; what is swapped out is on no node.
struct placement {
	uint64_t on_node;
	uint64_t elsewhere;
};

// An error if the kernel does not tell.
int placement_check(struct error *error);

struct placement placement_of(unsigned char *region, uint64_t pages,
			      size_t page_size, unsigned int node);

#endif
