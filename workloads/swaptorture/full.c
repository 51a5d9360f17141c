// SPDX-License-Identifier: GPL-2.0-only
// Slots run out: half as much again as the smaller device holds is paged out
// to it alone, while RAM could hold it all, so that nothing must be killed.
#include "crew.h"
#include "scenario.h"

static int run_crew(const struct torture *torture, unsigned int threads,
		    struct error *error)
{
	const struct crew_plan plan = {
		.threads = threads,
		.bytes = torture->swaps.fast_bytes * 3 / 2,
		.ops = CHURN_WHOLE | CHURN_PAGEOUT | CHURN_COLD,
		.steps = 6 * torture->options.rounds,
		.first_owner = 600,
	};

	return crew_run(torture, &plan, error);
}

// One thread alone is sure to fill it; several compete for the last slots.
int run_full(struct torture *torture, struct deed *deed, struct error *error)
{
	enum swaps_off how;

	(void)deed;
	if (swaps_take_off(torture->swaps.slow, torture->options.limit_s, &how,
			   error))
		return -1;
	if (how != SWAPS_OFF) {
		findings_add(&torture->unsound,
			     "swapoff of %s did not end, with %u KiB in use",
			     torture->swaps.slow,
			     (unsigned int)swaps_used_kib(torture->swaps.slow));
		return 0;
	}
	if (run_crew(torture, 1, error) ||
	    run_crew(torture, torture->options.threads, error))
		return -1;
	return swaps_put_slow(&torture->swaps, error);
}
