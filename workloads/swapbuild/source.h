// SPDX-License-Identifier: GPL-2.0-only
// The tree in files: written before the load, read back after it.
#ifndef SWAPBUILD_SOURCE_H
#define SWAPBUILD_SOURCE_H

#include "workloads/lib/error.h"
#include "workloads/lib/out.h"

#include <stdint.h>

enum {
	SOURCE_NAME = 32,
	SOURCE_MOST_UNITS = 10000,
	SOURCE_SHOWN = 16, // of bad pages
};

struct source {
	const char *folder;
	uint64_t seed, units, functions;
};

struct source_check {
	uint64_t pages, bad;
	struct {
		unsigned int unit; // SOURCE_MOST_UNITS: the header
		uint64_t page;
		unsigned int offset;
	} first[SOURCE_SHOWN];
};

// "unit-0007.c"
void source_name(char name[static SOURCE_NAME], unsigned int unit, char kind);

int source_write(const struct source *source, struct error *error);

// Every page of every file against what was written; -1 where one cannot be
// read at all.
int source_verify(const struct source *source, struct source_check *check,
		  struct error *error);

// "verification": {...}, without what follows; `done`: whether it was made.
void source_print(const struct source_check *check, int done, struct out *out);

#endif
