// SPDX-License-Identifier: GPL-2.0-only
// More memory than RAM, written and checked by several threads.
#include "crew.h"
#include "scenario.h"

int run_writers(struct torture *torture, struct deed *deed, struct error *error)
{
	const struct options *options = &torture->options;
	const struct crew_plan plan = {
		.threads = options->threads,
		.bytes = options->size,
		.steps = 16 * options->rounds,
		.first_owner = 100,
	};

	(void)deed;
	return crew_run(torture, &plan, error);
}
