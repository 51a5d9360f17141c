// SPDX-License-Identifier: GPL-2.0-only
// Any page at any time; a pass meets 63% of them.
#include "pattern.h"
#include "workloads/lib/random.h"

static uint64_t next(struct walk *walk)
{
	return random_below(&walk->random, walk->pages);
}

const struct pattern pattern_random = {
	.name = "random",
	.summary = "any page at any time",
	.rounds = 1,
	.next = next,
};
