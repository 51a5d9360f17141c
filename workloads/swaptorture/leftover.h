// SPDX-License-Identifier: GPL-2.0-only
// What must be gone once nothing is mapped any more.
#ifndef SWAPTORTURE_LEFTOVER_H
#define SWAPTORTURE_LEFTOVER_H

#include "torture.h"

// Pages; all of them are to be zero, but for the last one.
struct leftover {
	uint64_t free;	      // at the beginning
	uint64_t slots;	      // in use on the last device
	uint64_t swap_cached; // after the last device was taken off
	uint64_t isolated;    // from the LRU lists
	uint64_t lost;	      // of MemFree since the beginning
};

// Once the devices are there and nothing is mapped yet.
int leftover_begin(const struct torture *torture, struct leftover *left,
		   struct error *error);

// Takes both devices off; what is left goes into `unsound`, too.
int leftover_look(struct torture *torture, struct leftover *left,
		  struct error *error);

#endif
