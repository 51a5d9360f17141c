// SPDX-License-Identifier: GPL-2.0-only
// How large the regions are.
#ifndef SWAPSTORM_LAYOUT_H
#define SWAPSTORM_LAYOUT_H

#include <stdint.h>

#include "workloads/lib/error.h"
#include "options.h"
#include "workloads/lib/procfs.h"

// Pages per thread; an error if there are more threads than pages.
int layout_pages(const struct options *options, const struct memory *memory,
		 uint64_t page_size, uint64_t *pages, struct error *error);

// Pages of a thread's region, for its share of the size: with --together there
// is room for one that writes several shares.  One that fills it is done first.
uint64_t layout_region(const struct options *options, uint64_t share);

// An error if an address space does not take `bytes` at once.
int layout_addresses(uint64_t bytes, struct error *error);

// An error if RAM and swap cannot take `bytes`: the kernel would answer that
// by killing processes, and on an ordinary machine not only this one.
int layout_room(const struct memory *memory, uint64_t bytes,
		struct error *error);

#endif
