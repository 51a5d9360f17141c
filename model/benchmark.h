/* SPDX-License-Identifier: GPL-2.0-only */
/* How fast the simulator is on this machine. */
#ifndef SWAPSIM_BENCHMARK_H
#define SWAPSIM_BENCHMARK_H

#include <stdio.h>

#include "error.h"

/* Print one line: lock events, CPU seconds, events per second. */
int benchmark(FILE *to, struct error *error);

#endif
