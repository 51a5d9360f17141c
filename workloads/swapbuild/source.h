// SPDX-License-Identifier: GPL-2.0-only
// The tree in files: written before the load, read back after it.
#ifndef SWAPBUILD_SOURCE_H
#define SWAPBUILD_SOURCE_H

#include "workloads/lib/checked.h"
#include "workloads/lib/error.h"

#include <stdint.h>

enum {
	SOURCE_NAME = 32,
	SOURCE_MOST_UNITS = 10000,
};

struct source {
	const char *folder;
	uint64_t seed, units, functions;
};

// "unit-0007.c"
void source_name(char name[static SOURCE_NAME], unsigned int unit, char kind);

int source_write(const struct source *source, struct error *error);

// Every page of every file against what was written: a thread is a unit, that
// of number SOURCE_MOST_UNITS the header; -1 where one cannot be read at all.
int source_verify(const struct source *source, struct checked *checked,
		  struct error *error);

#endif
