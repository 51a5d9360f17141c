// SPDX-License-Identifier: GPL-2.0-only
// Forked children that share pages and slots with their parents and modify
// them.  In a guest, in a control group that holds half of the memory: so
// pages are reclaimed while both map them, which MADV_PAGEOUT does not do.
#include "crew.h"
#include "knobs.h"
#include "scenario.h"

#define GROUP KNOBS_GROUPS "/shared"

int run_shared(struct torture *torture, struct deed *deed, struct error *error)
{
	const struct options *options = &torture->options;
	const struct crew_plan plan = {
		.threads = 1,
		.bytes = scenario_small(torture),
		.ops = CHURN_FORK | CHURN_PAGEOUT,
		.steps = 20 * options->rounds,
		.first_owner = 200,
	};
	pid_t child;

	(void)deed;
	if (options->guest &&
	    knobs_group(options, GROUP, plan.bytes / 2, KNOBS_NO_LIMIT, error))
		return -1;
	if (crew_fork(torture, &plan, options->guest ? GROUP : "", &child,
		      error))
		return -1;
	return child_wait(torture, child, error);
}
