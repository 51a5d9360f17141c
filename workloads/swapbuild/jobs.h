// SPDX-License-Identifier: GPL-2.0-only
// Compilers at work: so many at a time until every unit is compiled, as make
// does it.
#ifndef SWAPBUILD_JOBS_H
#define SWAPBUILD_JOBS_H

#include "source.h"

#include "workloads/lib/started.h"
#include "workloads/lib/watch.h"

enum {
	JOBS_MOST = 64, // at a time
};

struct job {
	struct started compiler;
	unsigned int unit;
};

struct jobs {
	const struct source *source;
	const struct memcg *memcg; // NULL: they stay in our group
	const char *compiler;
	uint64_t most; // at a time
	// From here on its own.
	struct job job[JOBS_MOST];
	unsigned int running, started, done;
};

// Runs them all; the steady phase ends when the last unit is begun and a
// compiler's place stays empty.  -1 where one failed, with its first complaint,
// or the watch did; then none runs any more.
int jobs_run(struct jobs *jobs, struct watch *watch, struct error *error);

#endif
