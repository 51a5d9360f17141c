// SPDX-License-Identifier: GPL-2.0-only
// The command line.
#ifndef SWAPSTORM_OPTIONS_H
#define SWAPSTORM_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "workloads/lib/error.h"
#include "list.h"
#include "pattern.h"
#include "region.h"

#define OPTIONS_MAX_THREADS 1024
#define OPTIONS_MICRO	    ((uint64_t)1000000)

enum options_action {
	OPTIONS_RUN,
	OPTIONS_HELP,
	OPTIONS_VERSION,
	OPTIONS_BAD, // the error says why
};

// What is written to standard output.
enum options_format {
	FORMAT_AUTO, // for people on a terminal, else the document
	FORMAT_JSON,
	FORMAT_TABLE,
};

struct options {
	uint64_t threads;
	bool processes; // in place of threads
	bool together;	// the size is written by all, and none ends early
	int region;	// enum region_kind
	int thp;	// enum region_thp
	struct list cpus;
	struct list nodes;
	uint64_t memcg;		  // bytes the group may use; 0: no group
	const char *memcg_set;	  // more of the group's files; NULL: none
	uint64_t size_per_thread; // bytes; 0: the ratio decides
	uint64_t ratio_micro;	  // millionths of MemTotal, or of memcg
	uint64_t settle;	  // bytes swapped out before the steady phase
	uint64_t passes;	  // 0: the time limit decides
	uint64_t time_limit_us;	  // 0: the passes decide
	const struct pattern *pattern;
	struct pattern_settings settings;
	uint64_t compressible; // percent of a page
	bool same_filled;
	bool bare;	  // a word a page, and nothing else
	uint64_t pageout; // pages given away at a time; 0: none
	uint64_t seed;
	uint64_t sample_ms;
	bool latency;
	uint64_t rate;	    // accesses a second, of all threads; 0: none
	uint64_t series_ms; // 0: no time series
	bool verify;
	int swapin; // enum swapin: afterwards, everything is read
	bool swapoff;
	bool free;
	uint64_t keep; // bytes that swapoff is to bring back; by main
	bool allow_oom;
	int format;    // enum options_format
	int notify_fd; // -1: nobody to notify
	int progress_fd;
};

// Look at nothing but argv.
enum options_action options_parse(int argc, char *const argv[],
				  struct options *options, struct error *error);

// The words for what is kept as a number.
const char *options_region(int region);
const char *options_thp(int thp);

#endif
