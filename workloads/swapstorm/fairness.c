// SPDX-License-Identifier: GPL-2.0-only
#include "fairness.h"

struct fairness fairness_of(const struct worker *workers, unsigned int threads)
{
	uint64_t least = UINT64_MAX;
	uint64_t most = 0;
	uint64_t sum = 0;
	double squares = 0;

	for (unsigned int i = 0; i < threads; i++) {
		uint64_t pages = worker_steady(&workers[i]);

		least = pages < least ? pages : least;
		most = pages > most ? pages : most;
		sum += pages;
		squares += (double)pages * (double)pages;
	}
	if (!sum)
		return (struct fairness){.pages = 0};
	return (struct fairness){
		.pages = sum,
		.min_max = (double)least / (double)most,
		.jain = (double)sum * (double)sum / (threads * squares),
	};
}
