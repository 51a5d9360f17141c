// SPDX-License-Identifier: GPL-2.0-only
// What happened when: counters and every thread's progress, again and again.
// All memory is there, and locked, from the beginning.  When it is full, every
// second row is dropped and the interval doubles, so that the rows span the
// whole run, however long it is.
#ifndef SWAPSTORM_SERIES_H
#define SWAPSTORM_SERIES_H

#include <stddef.h>
#include <stdint.h>

struct series_row {
	uint64_t t_ns;
	uint64_t pswpout;
	uint64_t pswpin;
	uint64_t allocstall; // of all zones
	uint64_t free_pages;
};

struct series {
	unsigned int threads;
	unsigned int most; // rows; even
	unsigned int used;
	uint64_t interval_ns; // 0: nobody asked
	uint64_t next_ns;     // when the next row is due
	struct series_row *rows;
	uint64_t *done; // threads of them for each row
};

// Rows for a document that stays below some 2 MB.
unsigned int series_most(unsigned int threads);

// Memory that `rows` and `done` need together.
size_t series_bytes(unsigned int threads);

// `memory` has series_bytes(threads), aligned to 8.
void series_init(struct series *series, unsigned int threads,
		 uint64_t interval_ns, void *memory);

// A place for the row that is due; the next is due an interval later.
struct series_row *series_add(struct series *series, uint64_t now_ns);

// Progress of each thread in a row.
uint64_t *series_done(const struct series *series, size_t row);

#endif
