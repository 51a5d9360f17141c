// SPDX-License-Identifier: GPL-2.0-only
// Counters that the job asks for beside those of every boot: files of a few
// bytes below /sys, of zswap, zram and large folios.
#ifndef AGENT_COUNTERS_H
#define AGENT_COUNTERS_H

#include "job.h"

#include <stddef.h>
#include <sys/types.h>

enum { COUNTERS_MOST = 256, COUNTERS_PATH = 128 };

struct counters {
	size_t count;
	char paths[COUNTERS_MOST][COUNTERS_PATH];
};

// Finds the files of the folders that the job names, sorted by their names:
// reading a folder under memory pressure would allocate.  What this kernel
// does not have is left out.
void counters_find(struct counters *counters, const struct job *job);

// "PATH VALUE" a line; the length, or -1 where the buffer is too small.
ssize_t counters_read(const struct counters *counters, char *buffer,
		      size_t size);

#endif
