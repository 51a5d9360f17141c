// SPDX-License-Identifier: GPL-2.0-only
// Every Nth page, then every Nth page after the second, ...: each page once.
#include "pattern.h"

static void start(struct walk *walk, const struct pattern_settings *settings)
{
	walk->strided.stride = settings->stride;
}

static uint64_t next(struct walk *walk)
{
	uint64_t page = walk->at;

	walk->at += walk->strided.stride;
	if (walk->at >= walk->pages) {
		walk->strided.column++;
		if (walk->strided.column == walk->strided.stride ||
		    walk->strided.column == walk->pages)
			walk->strided.column = 0;
		walk->at = walk->strided.column;
	}
	return page;
}

const struct pattern pattern_strided = {
	.name = "strided",
	.summary = "every Nth page, N times",
	.rounds = 1,
	.start = start,
	.next = next,
};
