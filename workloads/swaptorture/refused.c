// SPDX-License-Identifier: GPL-2.0-only
// Two control groups whose memory does not hold what is in them: one may swap
// as it likes, the other hardly, so that its charges are refused while the
// folios of both are on their way out.
//
// Groups of v1 limit memory and swap together and refuse what comes in, not
// what goes out; a program that faults there waits (memory.oom_control) or is
// killed.  So one that asks for memory by a system call is refused there, again
// and again, and gives back what it got.
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "crew.h"
#include "knobs.h"
#include "scenario.h"

#define MIB	  (UINT64_C(1) << 20)
#define LIMITED	  KNOBS_GROUPS "/limited"
#define BOUNDLESS KNOBS_GROUPS "/boundless"
#define HOARD	  (32 * MIB)

// Of Linux 5.14, newer than some C libraries.
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

// Asks for more than the group may have, which is to be refused.
static int hoard(const struct torture *torture, const void *plan,
		 struct error *error)
{
	const uint64_t times = *(const uint64_t *)plan;

	for (uint64_t i = 0; i < times && !torture_over(torture); i++) {
		void *memory = mmap(NULL, HOARD, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED)
			return error_set(error, "cannot map: %s",
					 strerror(errno));
		if (!madvise(memory, HOARD, MADV_POPULATE_WRITE))
			return error_set(error, "its control group has no "
						"limit");
		munmap(memory, HOARD);
	}
	return 0;
}

int run_refused(struct torture *torture, struct deed *deed, struct error *error)
{
	const struct options *options = &torture->options;
	const uint64_t steps = 24 * options->rounds;
	// 2 MiB less than both limits: page tables are charged too.
	const struct crew_plan limited = {
		.threads = 1,
		.bytes = 12 * MIB,
		.ops = CHURN_WHOLE | CHURN_PAGEOUT | CHURN_COLD,
		.steps = steps / 4,
		.first_owner = 500,
	};
	const struct crew_plan boundless = {
		.threads = 2,
		.bytes = 16 * MIB,
		.ops = CHURN_PAGEOUT | CHURN_FREE,
		.steps = steps,
		.first_owner = 510,
	};
	pid_t children[3];

	if (knobs_group(options, LIMITED, 12 * MIB, 2 * MIB, error) ||
	    knobs_group(options, BOUNDLESS, 8 * MIB, KNOBS_NO_LIMIT, error) ||
	    (options->old_groups &&
	     knobs_put(LIMITED "/memory.oom_control", "1", error)))
		return -1;
	uint64_t before = knobs_refusals(options, LIMITED);

	if (crew_fork(torture, &limited, LIMITED, &children[0], error) ||
	    crew_fork(torture, &boundless, BOUNDLESS, &children[1], error) ||
	    (options->old_groups &&
	     (child_fork(torture, LIMITED, hoard, &options->rounds,
			 &children[2], error) ||
	      child_wait(torture, children[2], error))) ||
	    child_wait(torture, children[0], error) ||
	    child_wait(torture, children[1], error))
		return -1;
	deed->refusals = knobs_refusals(options, LIMITED) - before;
	return 0;
}
