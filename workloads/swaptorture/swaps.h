// SPDX-License-Identifier: GPL-2.0-only
// The two swap devices of a guest, and taking them off and putting them back.
#ifndef SWAPTORTURE_SWAPS_H
#define SWAPTORTURE_SWAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "workloads/lib/error.h"

// Filled before the one that was there, whose priority the kernel chose.
#define SWAPS_FAST_PRIORITY 10

struct swaps {
	char slow[64]; // the one in use when we came
	char fast[64]; // the RAM disk
	uint64_t fast_bytes;
};

// Finds the one in use, prepares the RAM disk and puts it in front of it.
int swaps_prepare(struct swaps *swaps, struct error *error);

enum swaps_off {
	SWAPS_OFF,
	SWAPS_REFUSED, // no memory for its pages: it stays on
	SWAPS_ENDLESS, // its pages do not become fewer: it stays on
};

// Takes one off; gives up after limit_s.  An error if it is not on.
int swaps_take_off(const char *path, uint64_t limit_s, enum swaps_off *how,
		   struct error *error);

int swaps_put_fast(const struct swaps *swaps, struct error *error);
int swaps_put_slow(const struct swaps *swaps, struct error *error);

// KiB in use on this device; 0 when it is off.
uint64_t swaps_used_kib(const char *path);

#endif
