// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <string.h>

#include "pattern.h"
#include "workloads/lib/random.h"

static const struct pattern *const patterns[] = {
	&pattern_sequential, &pattern_strided, &pattern_random,
	&pattern_zipf,	     &pattern_hotcold, &pattern_mix,
	&pattern_readlater,
};

#define PATTERNS (sizeof(patterns) / sizeof(patterns[0]))
#define LONGEST	 24

const struct pattern *pattern_at(unsigned int index)
{
	return index < PATTERNS ? patterns[index] : NULL;
}

const struct pattern *pattern_find(const char *name)
{
	for (size_t i = 0; i < PATTERNS; i++) {
		if (!strcmp(patterns[i]->name, name))
			return patterns[i];
	}
	return NULL;
}

static unsigned int least(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

// Letters to put in, take out or change to make one of the other.
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[LONGEST + 1];
	size_t length = strnlen(b, LONGEST);

	for (unsigned int j = 0; j <= length; j++)
		row[j] = j;
	for (unsigned int i = 0; i < LONGEST && a[i]; i++) {
		unsigned int corner = row[0]++;

		for (size_t j = 0; j < length; j++) {
			unsigned int change = corner + (a[i] != b[j]);

			corner = row[j + 1];
			row[j + 1] =
				least(change, least(row[j], row[j + 1]) + 1);
		}
	}
	return row[length];
}

const struct pattern *pattern_meant(const char *name)
{
	const struct pattern *nearest = patterns[0];

	for (size_t i = 1; i < PATTERNS; i++) {
		if (distance(name, patterns[i]->name) <
		    distance(name, nearest->name))
			nearest = patterns[i];
	}
	return nearest;
}

void walk_start(struct walk *walk, const struct pattern *pattern,
		const struct pattern_settings *settings, uint64_t pages,
		uint64_t seed, uint64_t *table)
{
	*walk = (struct walk){
		.pattern = pattern,
		.pages = pages,
		.random = random_mix(seed),
		.coin = random_mix(~seed),
		// 100% is one short of it: one coin in 2^64 still writes.
		.read_below =
			settings->read_percent == 100
				? UINT64_MAX
				: UINT64_MAX / 100 * settings->read_percent,
		.table = table,
	};
	if (pattern->start)
		pattern->start(walk, settings);
}
