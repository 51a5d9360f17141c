/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exponential random numbers by the ziggurat method (Marsaglia and Tsang, "The
 * ziggurat method for generating random variables", Journal of Statistical
 * Software 5(8), 2000), which takes a logarithm in under 2% of draws.  The
 * results are exact: where the fast test fails, a slow one decides.
 */
#ifndef SWAPSIM_EXPONENTIAL_H
#define SWAPSIM_EXPONENTIAL_H

#include "random.h"

enum { LAYERS = 256 };

struct exponential {
	double x[LAYERS + 1]; /* right edges of the layers, falling to 0 */
	double f[LAYERS + 1]; /* exp(-x) */
};

/* Of the paper: where the tail begins, and the area of each layer. */
#define EXPONENTIAL_TAIL 7.69711747013104972
#define EXPONENTIAL_AREA 3.949659822581572e-3

static inline void exponential_init(struct exponential *e)
{
	e->x[0] = EXPONENTIAL_AREA * exp(EXPONENTIAL_TAIL);
	e->x[1] = EXPONENTIAL_TAIL;
	for (int i = 2; i < LAYERS; i++)
		e->x[i] = -log(EXPONENTIAL_AREA / e->x[i - 1] +
			       exp(-e->x[i - 1]));
	e->x[LAYERS] = 0;
	for (int i = 0; i <= LAYERS; i++)
		e->f[i] = exp(-e->x[i]);
}

/*
 * Where the fast test of `bits` failed: under 2% of draws.  Apart, because its
 * calls of log() and exp() would cost the fast way its registers.
 */
static __attribute__((noinline, cold)) double
exponential_slow(const struct exponential *e, struct random *random,
		 uint64_t bits)
{
	for (;;) {
		uint32_t i = bits % LAYERS;
		double x = unit_of(bits) * e->x[i];

		if (x < e->x[i + 1])
			return x;
		/* What lies beyond the tail's begin is exponential again. */
		if (i == 0)
			return EXPONENTIAL_TAIL - log(random_unit(random));
		if (e->f[i] + random_unit(random) * (e->f[i + 1] - e->f[i]) <
		    exp(-x))
			return x;
		bits = random_bits(random);
	}
}

/* With mean 1. */
static inline double exponential_draw(const struct exponential *e,
				      struct random *random)
{
	uint64_t bits = random_bits(random);
	uint32_t i = bits % LAYERS;
	double x = unit_of(bits) * e->x[i];

	if (__builtin_expect(x < e->x[i + 1], 1))
		return x;
	return exponential_slow(e, random, bits);
}

#endif
