// SPDX-License-Identifier: GPL-2.0-only
// Write every page once, in order; then read them all, in that order.
#include "pattern.h"

static uint64_t next(struct walk *walk)
{
	uint64_t at = walk->at;

	walk->at = at + 1 < 2 * walk->pages ? at + 1 : 0;
	return at < walk->pages ? at : (at - walk->pages) | ACCESS_READ;
}

const struct pattern pattern_readlater = {
	.name = "readlater",
	.summary = "all written once, then all read",
	.rounds = 2,
	.own_reads = true,
	.next = next,
};
