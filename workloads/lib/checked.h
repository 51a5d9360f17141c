// SPDX-License-Identifier: GPL-2.0-only
// What became of memory that was read back, for the document of a load whose
// pages are another program's.
#ifndef LIB_CHECKED_H
#define LIB_CHECKED_H

#include "out.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	CHECKED_SHOWN = 16, // of bad pages
};

struct checked_page {
	unsigned int thread; // whose it is, by the load's own count
	unsigned int offset; // of its first bad byte
	uint64_t page;
};

struct checked {
	uint64_t pages, bad;
	struct checked_page first[CHECKED_SHOWN];
};

// One more bad page; those after the first few are counted alone.
void checked_bad(struct checked *checked, const struct checked_page *page);

// "verification": {...}, without what follows; `done`: whether it was made.
void checked_print(const struct checked *checked, bool done, struct out *out);

#endif
