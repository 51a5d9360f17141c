// SPDX-License-Identifier: GPL-2.0-only
// A histogram of nanoseconds whose slots grow with what they hold, as in Gil
// Tene's HdrHistogram: 64 slots for each power of two, so that whatever it
// says of a time is at most 1/64 of it (1.6%) too high.  Up to 2^40 ns (18
// minutes); what is longer counts as that, but for the greatest, kept exactly.
#ifndef SWAPSTORM_HIST_H
#define SWAPSTORM_HIST_H

#include <stdint.h>

#define HIST_BITS  6
#define HIST_LIMIT 40
#define HIST_SUB   ((uint64_t)1 << HIST_BITS)
#define HIST_SLOTS ((HIST_LIMIT - HIST_BITS + 1) * HIST_SUB)
#define HIST_PPM   1000000

struct hist {
	uint64_t total;
	uint64_t greatest;
	uint64_t sum;
	uint64_t slots[HIST_SLOTS];
};

static inline uint64_t hist_slot(uint64_t ns)
{
	unsigned int shift;

	if (ns >> HIST_LIMIT)
		ns = ((uint64_t)1 << HIST_LIMIT) - 1;
	if (ns < HIST_SUB)
		return ns;
	shift = 63 - HIST_BITS - (unsigned int)__builtin_clzll(ns);
	return (shift << HIST_BITS) + (ns >> shift);
}

static inline void hist_add(struct hist *hist, uint64_t ns)
{
	hist->total++;
	hist->sum += ns;
	if (ns > hist->greatest)
		hist->greatest = ns;
	hist->slots[hist_slot(ns)]++;
}

// The longest time that goes into a slot.
uint64_t hist_longest(uint64_t slot);

void hist_merge(struct hist *into, const struct hist *from);

// The time that `ppm` millionths of all do not exceed; 0 of an empty one.
// Never below the true one, at most 1/64 above it.
uint64_t hist_percentile(const struct hist *hist, uint64_t ppm);

#endif
