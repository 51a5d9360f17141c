// SPDX-License-Identifier: GPL-2.0-only
// MADV_PAGEOUT, MADV_COLD and MADV_FREE from several threads at once.
#include "crew.h"
#include "scenario.h"

int run_advice(struct torture *torture, struct deed *deed, struct error *error)
{
	const struct options *options = &torture->options;
	const struct crew_plan plan = {
		.threads = options->threads,
		.bytes = scenario_small(torture),
		.ops = CHURN_PAGEOUT | CHURN_COLD | CHURN_FREE,
		.steps = 48 * options->rounds,
		.first_owner = 300,
	};

	(void)deed;
	return crew_run(torture, &plan, error);
}
