// SPDX-License-Identifier: GPL-2.0-only
// Anonymous memory of stamped pages, and the generation each must hold.
#ifndef SWAPTORTURE_TORTURE_REGION_H
#define SWAPTORTURE_TORTURE_REGION_H

#include "torture.h"

struct region {
	const struct torture *torture;
	uint32_t owner; // no two regions of a run have the same
	uint64_t pages;
	unsigned char *bytes;  // begins where a huge page can
	uint64_t *generations; // locked; 0: never written
};

// Maps it; as huge pages where the torture asks for them.
int region_map(struct region *region, const struct torture *torture,
	       uint32_t owner, uint64_t pages, struct error *error);

void region_unmap(struct region *region);

// Writes a page in a new generation.
void region_write(struct region *region, uint64_t page);

// Compares every byte of a page that was written.
void region_check(struct region *region, uint64_t page);

// As region_check, but all zeroes is right too: after MADV_FREE.
void region_check_freed(struct region *region, uint64_t page);

// madvise over some of its pages; where the kernel refuses, nothing is lost.
void region_advise(struct region *region, uint64_t page, uint64_t count,
		   int advice);

#endif
