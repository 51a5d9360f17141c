/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's knobs: control groups, huge pages, reclaim, failing allocations.
 */
#ifndef SWAPTORTURE_MACHINE_H
#define SWAPTORTURE_MACHINE_H

#include "options.h"

#define MACHINE_GROUPS "/sys/fs/cgroup"

/* One write to a file of /proc or /sys. */
int machine_put(const char *path, const char *text, struct error *error);

/* Mounts what scenarios need and sets reclaim and huge pages as asked for. */
int machine_prepare(const struct options *options, struct error *error);

/* Makes a group with these limits: "16M", "max". */
int machine_group(const char *path, const char *max, const char *swap_max,
		  struct error *error);

/* "fail" of memory.swap.events: charges that the swap limit refused. */
uint64_t machine_refusals(const char *group);

/*
 * Makes this share of all allocations of XArray nodes fail that must not wait
 * for memory; 0 ends it, and *failed is how many did.
 */
int machine_fail_nodes(unsigned int percent, uint64_t *failed,
		       struct error *error);

#endif
