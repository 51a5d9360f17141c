// SPDX-License-Identifier: GPL-2.0-only
// The page of rank k is met in proportion to 1 / k^theta.  The ranks are
// spread over the region: neighbours in rank are not neighbours in memory.
//
// The sampler is Walker's alias method ("An efficient method for generating
// discrete random variables with general distributions", ACM TOMS 3 (1977)).
// Each page owns an equal part of the random numbers, keeps its share of it and
// leaves the rest to a page of a higher rank.  A draw is a product and a look,
// where inverting the distribution took over 200 instructions; the table is 8
// bytes a page.
#include <math.h>

#include "pattern.h"
#include "workloads/lib/random.h"

// A page's entry: whom it leaves the rest to, then what it keeps.
#define KEPT_BITS  28
#define KEPT_WHOLE ((uint64_t)1 << KEPT_BITS)

static uint64_t page_of(const struct walk *walk, uint64_t rank)
{
	return (uint64_t)((unsigned __int128)(rank - 1) * walk->zipf.step %
			  walk->pages);
}

static void keep(struct walk *walk, uint64_t rank, double part, uint64_t other)
{
	// Rounding must not carry into the other's number.
	double kept = fmin(fmax(part * (double)KEPT_WHOLE, 0),
			   (double)(KEPT_WHOLE - 1));

	walk->table[page_of(walk, rank)] =
		page_of(walk, other) << KEPT_BITS | (uint64_t)kept;
}

// How often a rank is met, in parts: 1 is the average.
struct shares {
	double theta;
	double scale;
};

static double share(const struct shares *shares, uint64_t rank)
{
	return shares->scale * pow((double)rank, -shares->theta);
}

// Shares fall with the rank: those above 1 come first.  One after the other
// they fill up what the small ones leave, and what then is left of one is
// filled up by the next.
static void fill(struct walk *walk, const struct shares *shares)
{
	uint64_t large = 1;
	uint64_t small = 1;
	uint64_t end;
	double left = share(shares, large);

	while (small <= walk->pages && share(shares, small) >= 1)
		small++;
	end = small;
	while (large + 1 < end || (large < end && small <= walk->pages)) {
		if (left >= 1 && small <= walk->pages) {
			double part = share(shares, small);

			keep(walk, small++, part, large);
			left -= 1 - part;
		} else if (large + 1 < end) {
			keep(walk, large, left, large + 1);
			left += share(shares, ++large) - 1;
		} else {
			break;
		}
	}
	// What is over is 1 but for rounding.
	for (; large < end; large++)
		keep(walk, large, 1, large);
	for (; small <= walk->pages; small++)
		keep(walk, small, 1, small);
}

static void start(struct walk *walk, const struct pattern_settings *settings)
{
	struct shares shares = {
		.theta = (double)settings->zipf_theta_micro / PATTERN_MICRO,
		.scale = 1,
	};
	double sum = 0;

	// The golden section spreads; no common divisor: each page once.
	walk->zipf.step = (uint64_t)((double)walk->pages * 0.6180339887) | 1;
	while (walk_common_divisor(walk->zipf.step, walk->pages) != 1)
		walk->zipf.step++;
	// The small ones first: they would be lost beside the large ones.
	for (uint64_t rank = walk->pages; rank; rank--)
		sum += share(&shares, rank);
	shares.scale = (double)walk->pages / sum;
	fill(walk, &shares);
}

static uint64_t next(struct walk *walk)
{
	unsigned __int128 drawn =
		(unsigned __int128)random_next(&walk->random) * walk->pages;
	uint64_t page = (uint64_t)(drawn >> 64);
	uint64_t entry = walk->table[page];

	return (uint64_t)drawn >> (64 - KEPT_BITS) < entry % KEPT_WHOLE
		       ? page
		       : entry >> KEPT_BITS;
}

const struct pattern pattern_zipf = {
	.name = "zipf",
	.summary = "few pages often, many seldom",
	.rounds = 1,
	.tabled = true,
	.start = start,
	.next = next,
};
