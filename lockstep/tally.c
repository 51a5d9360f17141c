// SPDX-License-Identifier: GPL-2.0-only
#include "tally.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

int tally_set_up(struct tally *tally, size_t most)
{
	size_t slots = 2;

	while (slots / 2 < most)
		slots *= 2;
	// Zero pages until they are used.
	void *rows = mmap(NULL, slots * sizeof(struct tally_row),
			  PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	*tally = (struct tally){.slots = slots, .most = most};
	if (rows == MAP_FAILED)
		return -1;
	tally->rows = rows;
	return 0;
}

void tally_tear_down(struct tally *tally)
{
	if (tally->rows)
		munmap(tally->rows, tally->slots * sizeof(struct tally_row));
	tally->rows = NULL;
}

static bool is_free(const struct tally_row *row)
{
	for (int i = 0; i < TALLY_COUNTS; i++)
		if (row->count[i])
			return false;
	return true;
}

uint64_t *tally_at(struct tally *tally, uint64_t key0, uint64_t key1)
{
	// Fibonacci hashing (Knuth, vol. 3, 6.4) of both words.
	uint64_t hash = (key0 ^ (key1 << 29 | key1 >> 35)) *
			UINT64_C(0x9e3779b97f4a7c15);
	size_t slot = (hash ^ hash >> 32) & (tally->slots - 1);
	struct tally_row *row;

	for (row = &tally->rows[slot]; !is_free(row);
	     slot = (slot + 1) & (tally->slots - 1), row = &tally->rows[slot])
		if (row->key[0] == key0 && row->key[1] == key1)
			return row->count;
	if (tally->used == tally->most) {
		tally->dropped++;
		return NULL;
	}
	tally->used++;
	row->key[0] = key0;
	row->key[1] = key1;
	return row->count;
}

void tally_sort(struct tally *tally, int (*compare)(const void *, const void *))
{
	size_t kept = 0;

	for (size_t i = 0; i < tally->slots; i++)
		if (!is_free(&tally->rows[i]))
			tally->rows[kept++] = tally->rows[i];
	qsort(tally->rows, kept, sizeof(struct tally_row), compare);
}
