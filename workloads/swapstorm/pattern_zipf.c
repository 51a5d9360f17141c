// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page of rank k is met in proportion to 1 / k^theta.  The ranks are
 * spread over the region: neighbours in rank are not neighbours in memory.
 *
 * The sampler is rejection-inversion (Hoermann and Derflinger, "Rejection-
 * inversion to generate variates from monotone discrete distributions", ACM
 * TOMACS 6 (1996)): exact for any theta above 0, without a table.
 */
#include <math.h>

#include "pattern.h"
#include "random.h"

/* The integral of x^-theta, and its inverse. */
static double area(const struct walk *walk, double x)
{
	double power = walk->zipf.power;

	if (power == 0)
		return log(x);
	return expm1(power * log(x)) / power;
}

static double inverse(const struct walk *walk, double area)
{
	double power = walk->zipf.power;

	if (power == 0)
		return exp(area);
	/* Rounding must not leave the logarithm's domain. */
	return exp(log1p(fmax(power * area, -1)) / power);
}

static double height(const struct walk *walk, double x)
{
	return exp(-walk->zipf.theta * log(x));
}

static uint64_t common_divisor(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static void start(struct walk *walk, const struct pattern_settings *settings)
{
	walk->zipf.theta = (double)settings->zipf_theta_micro / PATTERN_MICRO;
	walk->zipf.power = 1 - walk->zipf.theta;
	walk->zipf.low = area(walk, 1.5) - 1;
	walk->zipf.high = area(walk, (double)walk->pages + 0.5);
	walk->zipf.sure = 2 - inverse(walk, area(walk, 2.5) - height(walk, 2));
	/* The golden section spreads; no common divisor: each page once. */
	walk->zipf.step = (uint64_t)((double)walk->pages * 0.6180339887) | 1;
	while (common_divisor(walk->zipf.step, walk->pages) != 1)
		walk->zipf.step++;
}

static uint64_t draw_rank(struct walk *walk)
{
	for (;;) {
		double unit = (double)(random_next(&walk->random) >> 11) /
			      (double)((uint64_t)1 << 53);
		double at = walk->zipf.high +
			    unit * (walk->zipf.low - walk->zipf.high);
		double x = inverse(walk, at);
		double rank = floor(x + 0.5);

		rank = fmin(fmax(rank, 1), (double)walk->pages);
		if (rank - x <= walk->zipf.sure ||
		    at >= area(walk, rank + 0.5) - height(walk, rank))
			return (uint64_t)rank;
	}
}

static uint64_t next(struct walk *walk)
{
	return (uint64_t)((unsigned __int128)(draw_rank(walk) - 1) *
			  walk->zipf.step % walk->pages);
}

const struct pattern pattern_zipf = {
	.name = "zipf",
	.summary = "few pages often, many seldom",
	.rounds = 1,
	.start = start,
	.next = next,
};
