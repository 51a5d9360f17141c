// SPDX-License-Identifier: GPL-2.0-only
// Allocations of XArray nodes fail, so that a folio has its slot and does not
// get into the swap cache.  Regions come and go, and with them the nodes.
#include "crew.h"
#include "knobs.h"
#include "scenario.h"

enum { PERCENT = 60 };

int run_nodes(struct torture *torture, struct deed *deed, struct error *error)
{
	const struct options *options = &torture->options;
	uint64_t failed = 0;

	if (knobs_fail_nodes(PERCENT, NULL, error))
		return -1;
	for (uint64_t i = 0; i < options->rounds; i++) {
		const struct crew_plan plan = {
			.threads = options->threads,
			.bytes = scenario_small(torture) / 2,
			.ops = CHURN_WHOLE | CHURN_PAGEOUT,
			.steps = 12,
			.first_owner = 700,
		};

		if (torture_over(torture))
			break;
		if (crew_run(torture, &plan, error))
			return -1;
	}
	if (knobs_fail_nodes(0, &failed, error))
		return -1;
	deed->injections = failed;
	return 0;
}
