// SPDX-License-Identifier: GPL-2.0-only
// Any page at any time, half of them only read.
#include "pattern.h"

static uint64_t next(struct walk *walk)
{
	return pattern_random.next(walk);
}

const struct pattern pattern_mix = {
	.name = "mix",
	.summary = "any page at any time, read or written",
	.rounds = 1,
	.read_percent = 50,
	.next = next,
};
