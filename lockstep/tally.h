// SPDX-License-Identifier: GPL-2.0-only
// A table of counts by key, of a size that is given once.
#ifndef LOCKSTEP_TALLY_H
#define LOCKSTEP_TALLY_H

#include <stddef.h>
#include <stdint.h>

enum { TALLY_COUNTS = 4 };

struct tally_row {
	uint64_t key[2];
	uint64_t count[TALLY_COUNTS];
};

struct tally {
	struct tally_row *rows; // a row is free while its counts are all 0
	size_t slots;		// a power of two, at least twice `most`
	size_t used, most;
	uint64_t dropped; // counts that found no room
};

// Returns 0, or -1 when there is no memory.
int tally_set_up(struct tally *tally, size_t most);
void tally_tear_down(struct tally *tally);

// The counts of a key, of which the caller makes at least one more than 0 at
// once; NULL where the table is full.
uint64_t *tally_at(struct tally *tally, uint64_t key0, uint64_t key1);

// Moves the used rows to the front, in order by `compare`; nothing is added
// after.
void tally_sort(struct tally *tally,
		int (*compare)(const void *, const void *));

#endif
