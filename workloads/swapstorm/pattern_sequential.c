// SPDX-License-Identifier: GPL-2.0-only
// From the first page to the last, and again.
#include "pattern.h"

static uint64_t next(struct walk *walk)
{
	uint64_t page = walk->at;

	walk->at = page + 1 < walk->pages ? page + 1 : 0;
	return page;
}

const struct pattern pattern_sequential = {
	.name = "sequential",
	.summary = "from the first page to the last",
	.rounds = 1,
	.next = next,
};
