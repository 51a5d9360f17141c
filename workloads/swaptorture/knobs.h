// SPDX-License-Identifier: GPL-2.0-only
// The guest's knobs: control groups, huge pages, reclaim, failing allocations.
#ifndef SWAPTORTURE_KNOBS_H
#define SWAPTORTURE_KNOBS_H

#include <stdint.h>

#include "torture_options.h"

#define KNOBS_GROUPS   "/sys/fs/cgroup"
#define KNOBS_NO_LIMIT UINT64_MAX

// One write to a file of /proc or /sys.
int knobs_put(const char *path, const char *text, struct error *error);

// Mounts what scenarios need and sets reclaim and huge pages as asked for.
int knobs_prepare(const struct options *options, struct error *error);

// Makes a group that may have so many bytes of memory, and so many more out.
int knobs_group(const struct options *options, const char *path,
		uint64_t memory, uint64_t swap, struct error *error);

// Charges that the limit on what may be out refused: "fail" of
// memory.swap.events; of v1, whose limit is on memory and swap together,
// memory.memsw.failcnt.
uint64_t knobs_refusals(const struct options *options, const char *group);

// Bytes of swap a group is charged for; 0 where there is no such group.
uint64_t knobs_swap_charged(const struct options *options, const char *group);

// Makes this share of all allocations of XArray nodes fail that must not wait
// for memory; 0 ends it, and *failed is how many did.
int knobs_fail_nodes(unsigned int percent, uint64_t *failed,
		     struct error *error);

#endif
