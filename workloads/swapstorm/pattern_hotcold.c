// SPDX-License-Identifier: GPL-2.0-only
// Most accesses go to a hot set, the others anywhere.  The hot set is a window
// that slides through the region, page by page: what was hot gets cold.
#include "pattern.h"
#include "workloads/lib/random.h"

static void start(struct walk *walk, const struct pattern_settings *settings)
{
	uint64_t hot = walk->pages * settings->hot_percent / 100;

	walk->hotcold.hot = hot ? hot : 1;
	walk->hotcold.hot_below = UINT64_MAX / 100 * settings->hot_accesses;
	walk->hotcold.shift = settings->hot_shift;
}

static uint64_t next(struct walk *walk)
{
	uint64_t first = walk->at++ * walk->hotcold.shift / 100;

	if (random_next(&walk->random) >= walk->hotcold.hot_below)
		return random_below(&walk->random, walk->pages);
	return (first + random_below(&walk->random, walk->hotcold.hot)) %
	       walk->pages;
}

const struct pattern pattern_hotcold = {
	.name = "hotcold",
	.summary = "most accesses to a hot set that moves",
	.rounds = 1,
	.start = start,
	.next = next,
};
