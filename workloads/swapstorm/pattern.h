// SPDX-License-Identifier: GPL-2.0-only
// In which order a thread goes through its pages.  A pattern is one file,
// pattern_NAME.c, behind this interface; pattern.c lists them.
//
// Time, threads, content and verification are the frame's.  A pattern says
// which page comes next, and whether it is read.
#ifndef SWAPSTORM_PATTERN_H
#define SWAPSTORM_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "workloads/lib/error.h"
#include "workloads/lib/random.h"

#define ACCESS_READ ((uint64_t)1 << 63) // beside the page's number
#define ACCESS_PAGE (ACCESS_READ - 1)

#define PATTERN_MICRO ((uint64_t)1000000)

// What the command line says of all patterns.
struct pattern_settings {
	uint64_t stride;	   // strided: pages from one to the next
	uint64_t zipf_theta_micro; // zipf: exponent, in millionths
	uint64_t hot_percent;	   // hotcold: of the pages are hot
	uint64_t hot_accesses;	   // hotcold: percent of accesses go there
	uint64_t hot_shift;	   // hotcold: percent of the region a pass
	uint64_t read_percent;	   // of accesses that only read
};

struct pattern;

// Where a thread is in its pattern.
struct walk {
	const struct pattern *pattern;
	uint64_t pages;
	uint64_t at; // accesses so far, or whatever the pattern counts
	uint64_t random;
	uint64_t coin;	     // of its own: reads do not move the pages
	uint64_t read_below; // a coin below it reads; 0: none does
	uint64_t *table;     // of a pattern that is tabled: a word a page
	union {
		struct {
			uint64_t stride;
			uint64_t column;
		} strided;
		struct {
			uint64_t step; // from one rank's page to the next's
		} zipf;
		struct {
			uint64_t hot; // pages
			uint64_t hot_below;
			uint64_t shift; // percent of the region a pass
		} hotcold;
	};
};

struct pattern {
	const char *name;
	const char *summary;
	uint64_t rounds;       // a pass is this many accesses per page
	uint64_t read_percent; // unless asked for; of the patterns that mix
	bool own_reads;	       // decides by itself which access reads
	bool tabled;	       // start fills walk->table
	void (*start)(struct walk *walk,
		      const struct pattern_settings *settings);
	uint64_t (*next)(struct walk *walk);
};

// NULL where nothing has that name.
const struct pattern *pattern_find(const char *name);

// In the order of the manual; NULL after the last.
const struct pattern *pattern_at(unsigned int index);

// The pattern whose name is most like it.
const struct pattern *pattern_meant(const char *name);

// Put a walk over `pages` pages, of which there are at most 2^36, at its
// beginning.  `table` is as many words for a pattern that is tabled.
void walk_start(struct walk *walk, const struct pattern *pattern,
		const struct pattern_settings *settings, uint64_t pages,
		uint64_t seed, uint64_t *table);

// Accesses that make a pass.
static inline uint64_t walk_pass(const struct walk *walk)
{
	return walk->pages * walk->pattern->rounds;
}

// The greatest; steps that have only 1 with the number of pages meet each once.
static inline uint64_t walk_common_divisor(uint64_t step, uint64_t pages)
{
	while (pages) {
		uint64_t rest = step % pages;

		step = pages;
		pages = rest;
	}
	return step;
}

// A page's number, and ACCESS_READ if it is only read.
static inline uint64_t walk_next(struct walk *walk)
{
	uint64_t access = walk->pattern->next(walk);

	if (walk->read_below && random_next(&walk->coin) < walk->read_below)
		access |= ACCESS_READ;
	return access;
}

extern const struct pattern pattern_sequential;
extern const struct pattern pattern_strided;
extern const struct pattern pattern_random;
extern const struct pattern pattern_zipf;
extern const struct pattern pattern_hotcold;
extern const struct pattern pattern_mix;
extern const struct pattern pattern_readlater;

#endif
