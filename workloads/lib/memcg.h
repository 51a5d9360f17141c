// SPDX-License-Identifier: GPL-2.0-only
// A memory control group of our own, with a limit: reclaim is then done by the
// threads that allocate, not by kswapd.  Control groups version 2; where it is
// mounted nowhere (a guest with nothing but an agent), it is mounted.
#ifndef LIB_MEMCG_H
#define LIB_MEMCG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "workloads/lib/error.h"

struct memcg {
	char root[256]; // where version 2 is mounted; "" before memcg_make
	char path[320]; // our group; "" while there is none
};

// The mount point in the text of /proc/self/mounts of the first file system of
// type cgroup2; false: none, or its name does not fit.
bool memcg_find_root(const char *mounts, char *root, size_t size);

// Make a group "NAME-PID" and set its memory.max.  `settings`: further files of
// the group's, written as "memory.high=67108864,memory.low=0" says and read
// back; fails where one reads something else.  NULL: none.
int memcg_make(struct memcg *memcg, const char *name, uint64_t limit,
	       const char *settings, struct error *error);

// Move this process into it: what it touches from here on is charged there.
int memcg_join(const struct memcg *memcg, struct error *error);

// Back to the root group, and remove ours.  Harmless if there is none.
void memcg_leave(const struct memcg *memcg);

#endif
