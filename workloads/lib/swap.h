// SPDX-License-Identifier: GPL-2.0-only
// Swap space: its header, switching it on, checking what the kernel made of it.
#ifndef LIB_SWAP_H
#define LIB_SWAP_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SWAP_PAGE = 4096 };

// Fills one page with the header of a swap space of the given bytes, which is
// a multiple of a page.  The same bytes every time: no UUID.
void swap_header(uint8_t page[SWAP_PAGE], uint64_t bytes);

// Writes the header and switches swapping on with the flags of swapon(2).
// page: page-aligned scratch.
int swap_on(const char *path, uint64_t bytes, int flags, uint8_t *page,
	    struct error *fault);

// The first row of /proc/swaps' text: device or file, and KiB of it in all and
// in use; false where there is none, or its name does not fit.
bool swap_first(const char *swaps, char *path, size_t size, uint64_t *kib,
		uint64_t *used_kib);

// No priority of ours: the kernel gives each area the next lower one below 0.
enum { SWAP_KERNELS_PRIORITY = -1 };

struct swap_area {
	const char *path;
	uint64_t bytes;
	int priority; // 0..32767, or SWAP_KERNELS_PRIORITY
};

// What swapon(2) takes to give an area that priority.
int swap_flags(int priority);

// Checks the text of /proc/swaps: these areas with their sizes and priorities,
// and no other.
int swap_check(const char *swaps, const struct swap_area *areas, size_t count,
	       struct error *fault);

#endif
