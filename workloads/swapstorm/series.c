// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "series.h"

#define MOST_ROWS  512
#define MOST_CELLS 100000 // numbers of up to 20 digits

unsigned int series_most(unsigned int threads)
{
	unsigned int rows = MOST_CELLS / (threads + 5) & ~1u;

	return rows < MOST_ROWS ? rows : MOST_ROWS;
}

size_t series_bytes(unsigned int threads)
{
	return series_most(threads) *
	       (sizeof(struct series_row) + threads * sizeof(uint64_t));
}

void series_init(struct series *series, unsigned int threads,
		 uint64_t interval_ns, void *memory)
{
	*series = (struct series){
		.threads = threads,
		.most = series_most(threads),
		.interval_ns = interval_ns,
		.rows = memory,
	};
	series->done = (uint64_t *)(series->rows + series->most);
}

static void thin(struct series *series)
{
	for (size_t i = 0; 2 * i < series->used; i++) {
		series->rows[i] = series->rows[2 * i];
		memmove(series_done(series, i), series_done(series, 2 * i),
			series->threads * sizeof(*series->done));
	}
	series->used = (series->used + 1) / 2;
	series->interval_ns *= 2;
}

struct series_row *series_add(struct series *series, uint64_t now_ns)
{
	if (series->used == series->most)
		thin(series);
	if (!series->next_ns)
		series->next_ns = now_ns;
	// One that came late does not put off those that follow.
	while (series->next_ns <= now_ns)
		series->next_ns += series->interval_ns;
	return &series->rows[series->used++];
}

uint64_t *series_done(const struct series *series, size_t row)
{
	return series->done + row * series->threads;
}
