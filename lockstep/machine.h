// SPDX-License-Identifier: GPL-2.0-only
// The simulated machine, and what of the guest the host points out: read from
// a text file of one "key value..." a line, '#' for comments.
//
//   cpus N                    vCPUs, 1..64
//   socket CPU SOCKET         for each vCPU, sockets from 0
//   instruction_fs N          femtoseconds an instruction takes
//   near_fs N, far_fs N       a line from the same, from another socket
//   byte_fs N                 a byte of a page that is copied or zeroed
//   quantum_fs N              how far one vCPU may be ahead of the slowest
//   skew_seed N               seed of what a vCPU that starts or wakes is late
//   range START BYTES         guest addresses whose lines are simulated
//   leaf START END            code whose accesses are its caller's
//   bulk START END            code that copies or zeroes whole pages
//   span KIND START           function to be timed: "lock" or "irq"
//   peek ADDRESS              a word of the guest's, read when the window ends
//   most_lines N              lines that may change hands, by code and code
#ifndef LOCKSTEP_MACHINE_H
#define LOCKSTEP_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MACHINE_CPUS = 64,
	MACHINE_RANGES = 8,
	MACHINE_CODES = 128,
	MACHINE_SPANS = 16,
	MACHINE_PEEKS = 128,
};

struct range {
	uint64_t start, end; // end is not in it
};

enum span_kind { SPAN_LOCK, SPAN_IRQ };

struct span_at {
	uint64_t start;
	enum span_kind kind;
};

struct peek {
	uint64_t address, value;
	bool done;
};

struct codes {
	struct range at[MACHINE_CODES];
	unsigned int count;
};

struct machine {
	unsigned int cpus;
	unsigned char socket[MACHINE_CPUS];
	uint64_t instruction_fs, near_fs, far_fs, byte_fs;
	uint64_t quantum_fs, skew_seed;
	uint64_t most_lines;
	struct range ranges[MACHINE_RANGES];
	unsigned int range_count;
	struct codes leaf, bulk;
	struct span_at spans[MACHINE_SPANS];
	unsigned int span_count;
	struct peek peeks[MACHINE_PEEKS];
	unsigned int peek_count;
};

// Returns 0, or -1 with one line of `size` bytes at most in `why`.
int machine_parse(struct machine *machine, const char *text, char *why,
		  size_t size);

// Reads the file first; `why` names it.
int machine_read(struct machine *machine, const char *path, char *why,
		 size_t size);

// Whether code at `address` is one of `codes`.
bool codes_hold(const struct codes *codes, uint64_t address);

// Whether it is where one of them begins.
bool codes_begin(const struct codes *codes, uint64_t address);

// The span that begins at `address`, or NULL.
const struct span_at *machine_span(const struct machine *machine,
				   uint64_t address);

#endif
