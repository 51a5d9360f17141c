// SPDX-License-Identifier: GPL-2.0-only
#include "hist.h"

uint64_t hist_longest(uint64_t slot)
{
	uint64_t shift;

	if (slot < HIST_SUB)
		return slot;
	shift = (slot >> HIST_BITS) - 1;
	return ((slot - (shift << HIST_BITS) + 1) << shift) - 1;
}

void hist_merge(struct hist *into, const struct hist *from)
{
	into->total += from->total;
	into->sum += from->sum;
	if (from->greatest > into->greatest)
		into->greatest = from->greatest;
	for (uint64_t i = 0; i < HIST_SLOTS; i++)
		into->slots[i] += from->slots[i];
}

uint64_t hist_percentile(const struct hist *hist, uint64_t ppm)
{
	// Rounded up: the 50th of 3 is the second.
	uint64_t wanted = (uint64_t)(((unsigned __int128)hist->total * ppm +
				      HIST_PPM - 1) /
				     HIST_PPM);
	uint64_t below = 0;

	for (uint64_t i = 0; i < HIST_SLOTS && hist->total; i++) {
		below += hist->slots[i];
		if (below >= wanted && below) {
			uint64_t longest = hist_longest(i);

			return longest < hist->greatest && i + 1 < HIST_SLOTS
				       ? longest
				       : hist->greatest;
		}
	}
	return hist->greatest;
}
