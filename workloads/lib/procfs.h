// SPDX-License-Identifier: GPL-2.0-only
// /proc/meminfo once, /proc/vmstat again and again, and the clock.
#ifndef LIB_PROCFS_H
#define LIB_PROCFS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "error.h"

struct memory {
	uint64_t total; // bytes, all three
	uint64_t available;
	uint64_t swap_free;
};

// What the phases are decided from.
struct reading {
	uint64_t t_ns;	  // CLOCK_MONOTONIC
	uint64_t pswpout; // pages, system-wide, since boot; zswap's, too
	uint64_t pswpin;
};

struct vmstat {
	int fd;
	bool zswap;	  // the kernel counts what zswap takes, further down
	char text[16384]; // all of /proc/vmstat: about 4 KiB in 6.x
};

static inline uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// The number in the whole line that begins with `name` and then a space or a
// colon.  A last line without its newline does not count: it may be cut.
bool procfs_field(const char *text, const char *name, uint64_t *value);

// The same; 0 when the kernel has no such line.
uint64_t procfs_number(const char *text, const char *name);

int procfs_memory(struct memory *memory, struct error *error);

int vmstat_open(struct vmstat *vmstat, struct error *error);

// What a row of the time series has beside a reading.
struct detail {
	uint64_t allocstall; // of all zones
	uint64_t free_pages;
	uint64_t readahead, readahead_hits; // from swap, pages
	uint64_t refaults;		    // of anonymous pages
	uint64_t major_faults;
};

// Sum of the lines whose name begins with `prefix`, as allocstall_normal.
uint64_t procfs_sum(const char *text, const char *prefix);

// The same as vmstat_read, but all of the file.
int vmstat_read_detail(struct vmstat *vmstat, struct reading *reading,
		       struct detail *detail, struct error *error);

// Allocates nothing in user space.
int vmstat_read(struct vmstat *vmstat, struct reading *reading,
		struct error *error);

#endif
