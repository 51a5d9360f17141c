// SPDX-License-Identifier: GPL-2.0-only
// A memory control group of our own, with a limit: reclaim is then done by the
// threads that allocate, not by kswapd.  Control groups version 2; where it is
// mounted nowhere (a guest with nothing but an agent), it is mounted.
#ifndef SWAPSTORM_MEMCG_H
#define SWAPSTORM_MEMCG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workloads/lib/error.h"

struct memcg {
	char root[256]; // where version 2 is mounted; "" before memcg_enter
	char path[320]; // our group
};

// The mount point in the text of /proc/self/mounts of the first file system of
// type cgroup2; false: none, or its name does not fit.
bool memcg_find_root(const char *mounts, char *root, size_t size);

// Make the group, set its memory.max, and move this process into it.
int memcg_enter(struct memcg *memcg, uint64_t limit, struct error *error);

// Back to the root group, and remove ours.  Harmless if it was never entered.
void memcg_leave(const struct memcg *memcg);

#endif
