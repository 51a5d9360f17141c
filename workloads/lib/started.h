// SPDX-License-Identifier: GPL-2.0-only
// A program that a load runs: what it says is kept, and where it runs chosen.
#ifndef LIB_STARTED_H
#define LIB_STARTED_H

#include "error.h"
#include "memcg.h"

#include <sys/types.h>

enum {
	STARTED_ARGUMENTS = 24,
};

struct start {
	const char *const *argv;   // its path first; ends with NULL
	const struct memcg *memcg; // NULL: it stays in our group
	const char *folder;	   // its own, temporary files too; NULL: ours
	bool together;		   // both outputs in one memory file
};

struct started {
	pid_t pid;    // 0: has ended
	int out, err; // memory files
	int status;
};

// Makes the folder that programs are to work in; it may be there.
int started_folder(const char *folder, struct error *error);

// Forks and execs; a failed exec is an end with status 127.
int started_run(struct started *started, const struct start *start,
		struct error *error);

// Whether it has ended.
bool started_gone(struct started *started);

// Kills it, if it runs.
void started_kill(struct started *started);

#endif
