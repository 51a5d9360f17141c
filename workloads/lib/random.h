// SPDX-License-Identifier: GPL-2.0-only
// Numbers that look random and follow from a seed: splitmix64.
#ifndef LIB_RANDOM_H
#define LIB_RANDOM_H

#include <stdint.h>

#define RANDOM_STEP 0x9e3779b97f4a7c15u

// Its finaliser.  Different numbers give different numbers.
static inline uint64_t random_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static inline uint64_t random_next(uint64_t *state)
{
	return random_mix(*state += RANDOM_STEP);
}

// 0 .. below - 1: the high half of a product, which spares the division.  A
// number is at most one in 2^64 / below more likely than another.
static inline uint64_t random_below(uint64_t *state, uint64_t below)
{
	return (uint64_t)(((unsigned __int128)random_next(state) * below) >>
			  64);
}

#endif
