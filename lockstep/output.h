// SPDX-License-Identifier: GPL-2.0-only
// What a simulation came to, as one JSON document.
#ifndef LOCKSTEP_OUTPUT_H
#define LOCKSTEP_OUTPUT_H

#include "sim.h"

#include <stdio.h>

enum {
	OUTPUT_FORMAT = 1,
	OUTPUT_LINES = 256, // the hottest
	OUTPUT_WAITS = 512,
};

// Sorts the tables: nothing is simulated after.  Returns 0, or -1.
int output_write(struct sim *sim, FILE *file);

#endif
