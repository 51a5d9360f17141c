// SPDX-License-Identifier: GPL-2.0-only
// The directory of cache lines: who holds each, and what it costs to get it.
//
// Caches are as large as memory: a line is only ever lost to another vCPU.
// A read of a line that another vCPU modified takes it from there and leaves
// both with a copy; a write takes it from everybody who holds it.  Each costs
// near_fs or far_fs, far where one of those it is taken from is on another
// socket.  A line nobody holds, and a copy of one nobody modified, cost
// nothing: what memory and the last-level cache take is in instruction_fs.
//
// A line has one owner at a time: who is to write it while it is still on its
// way to somebody else who writes waits for that first.  Reads neither wait
// nor are waited for: latencies between CPUs, which near_fs and far_fs are,
// are measured with a reader that polls.
#ifndef LOCKSTEP_LINES_H
#define LOCKSTEP_LINES_H

#include "machine.h"

#define LINE_BYTES 64

struct line {
	uint64_t holders;    // a bit for each vCPU
	uint64_t arrives_fs; // with who took it last to write
	uint32_t from;	     // code that took it last: low half of its address
	unsigned char modified; // by its one holder
};

struct transfer {
	uint64_t fs; // 0: none was needed
	bool far;
	uint32_t from; // code that had taken the line before
};

struct lines {
	const struct machine *machine;
	uint64_t near_mask[MACHINE_CPUS]; // vCPUs of the same socket
	struct line *of[MACHINE_RANGES];
	// By bits 40..47 of an address, which tell x86-64's ranges apart.
	struct {
		uint64_t start, bytes;
		struct line *lines;
	} by_top[256];
	uint64_t outside; // accesses to no range
};

// Returns 0, or -1 when there is no room, two ranges share bits 40..47 or one
// does not have them in common.
int lines_set_up(struct lines *lines, const struct machine *machine);
void lines_tear_down(struct lines *lines);

// The slow way: the line has to change hands, from `now` on.
struct transfer lines_take(struct lines *lines, struct line *line,
			   unsigned int cpu, bool write, uint32_t code,
			   uint64_t now);

// The line of a guest address; NULL where it lies in no range.
static inline struct line *lines_find(struct lines *lines, uint64_t address)
{
	const unsigned int top = (address >> 40) & 0xff;
	const uint64_t offset = address - lines->by_top[top].start;

	if (offset >= lines->by_top[top].bytes)
		return NULL;
	return &lines->by_top[top].lines[offset / LINE_BYTES];
}

// Whether the vCPU may access the line as it is.
static inline bool line_held(const struct line *line, uint64_t bit, bool write)
{
	if (write)
		return line->modified && line->holders == bit;
	return line->holders & bit;
}

#endif
