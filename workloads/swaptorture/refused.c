// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two control groups whose memory does not hold what is in them: one may swap
 * as it likes, the other hardly, so that its charges are refused while the
 * folios of both are on their way out.
 */
#include "crew.h"
#include "machine.h"
#include "scenario.h"

#define MIB	  (UINT64_C(1) << 20)
#define LIMITED	  MACHINE_GROUPS "/limited"
#define BOUNDLESS MACHINE_GROUPS "/boundless"

int run_refused(struct torture *torture, struct deed *deed, struct error *error)
{
	const uint64_t steps = 24 * torture->options.rounds;
	/* 2 MiB less than both limits: page tables are charged too. */
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
	pid_t children[2];

	if (machine_group(LIMITED, "12M", "2M", error) ||
	    machine_group(BOUNDLESS, "8M", "max", error))
		return -1;
	uint64_t before = machine_refusals(LIMITED);

	if (crew_fork(torture, &limited, LIMITED, &children[0], error) ||
	    crew_fork(torture, &boundless, BOUNDLESS, &children[1], error) ||
	    crew_wait(torture, children[0], error) ||
	    crew_wait(torture, children[1], error))
		return -1;
	deed->refusals = machine_refusals(LIMITED) - before;
	return 0;
}
