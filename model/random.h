/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Seeded random numbers: SplitMix64 (Steele, Lea, Flood: "Fast splittable
 * pseudorandom number generators", OOPSLA 2014).  Its state is one word and
 * its period 2^64; the largest run draws about 2^40 numbers.
 */
#ifndef SWAPSIM_RANDOM_H
#define SWAPSIM_RANDOM_H

#include <math.h>
#include <stdint.h>
#include <string.h>

struct random {
	uint64_t state;
};

static inline uint64_t random_mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static inline uint64_t random_bits(struct random *random)
{
	random->state += 0x9e3779b97f4a7c15u;
	return random_mix(random->state);
}

/*
 * One stream for each pair of seed and lane.  Both are mixed, so that
 * neighbouring seeds do not walk through one another's numbers.
 */
static inline void random_seed(struct random *random, uint64_t seed,
			       uint64_t lane)
{
	random->state = random_mix(random_mix(seed + 1) ^ (lane + 1) << 32);
}

/* Uniform over (0, 1): the middle of one of 2^52 equal parts. */
static inline double unit_of(uint64_t bits)
{
	uint64_t pattern = 0x3ff0000000000000u | bits >> 12;
	double unit;

	memcpy(&unit, &pattern, sizeof(unit));
	return unit - (1 - 0x1p-53);
}

/* Uniform over (0, 1): never 0, whose logarithm is not a number. */
static inline double random_unit(struct random *random)
{
	return unit_of(random_bits(random));
}

/* Uniform over 0..n-1, n at least 1 and under 2^32. */
static inline uint32_t random_below(struct random *random, uint32_t n)
{
	return (uint32_t)(((random_bits(random) >> 32) * n) >> 32);
}

#endif
