// SPDX-License-Identifier: GPL-2.0-only
// The command line.
#ifndef SWAPTORTURE_TORTURE_OPTIONS_H
#define SWAPTORTURE_TORTURE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "workloads/lib/error.h"

#define OPTIONS_MAX_THREADS 64

enum options_action {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_BAD, // the error says why
};

struct options {
	unsigned int scenarios; // bits, in scenario.h's order
	unsigned int threads;
	uint64_t rounds;
	uint64_t size; // bytes of the large regions together; 0: by
		       // MemAvailable
	uint64_t seed;
	uint64_t limit_s; // of one scenario
	bool guest;	  // a machine to be thrown away: devices, limits
	bool mglru;
	bool huge;
	bool old_groups; // cgroup v1
	int progress_fd; // -1: nobody looks
};

// Looks at nothing but argv.
enum options_action options_parse(int argc, char *const argv[],
				  struct options *options, struct error *error);

extern const char options_help[];

#endif
