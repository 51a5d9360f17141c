// SPDX-License-Identifier: GPL-2.0-only
// Copies of the kernel's counters at one instant.
#ifndef AGENT_SNAPSHOT_H
#define AGENT_SNAPSHOT_H

#include "channel.h"

#include <stdbool.h>

enum {
	SNAPSHOT_FILES = 9,
	// lock_stat of a stock kernel is some 400 KiB, lockdep (with what
	// PROVE_LOCKING adds) as much; 1 MiB is the bound of each.
	SNAPSHOT_ARENA = (2 << 20) + (128 << 10),
};

struct snapshot {
	const struct counters *counters; // more to read
	char *arena; // SNAPSHOT_ARENA bytes, page-aligned, locked
	struct {
		const char *text; // NULL: this kernel has no such file
		size_t length;
	} files[SNAPSHOT_FILES];
};

// Reads everything first, so that the copies are of nearly one instant.
int snapshot_take(struct snapshot *snapshot, bool with_locks,
		  struct error *fault);

// Sends the copies as files PREFIX.vmstat, PREFIX.meminfo, ...
int snapshot_send(const struct snapshot *snapshot, struct channel *channel,
		  const char *prefix, struct error *fault);

// Text of one copy: "vmstat", "swaps"; empty when there is none.
const char *snapshot_text(const struct snapshot *snapshot, const char *name);

#endif
