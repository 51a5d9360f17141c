// SPDX-License-Identifier: GPL-2.0-only
// The device that is filled first is taken off and put back, again and again,
// while threads write more than fits into RAM: its pages come back into full
// RAM and go out to the other one.
#include <time.h>

#include "crew.h"
#include "scenario.h"

// So many are worth taking it off for.
enum { ENOUGH_KIB = 1024 };

static bool wait_for_pages(const struct torture *torture, struct crew *crew)
{
	const struct timespec pause = {.tv_nsec = 2000000};

	while (!crew_finished(crew) && !torture_over(torture)) {
		if (swaps_used_kib(torture->swaps.fast) >= ENOUGH_KIB)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static int again_and_again(struct torture *torture, struct crew *crew,
			   struct deed *deed, struct error *error)
{
	const struct swaps *swaps = &torture->swaps;
	enum swaps_off how;

	while (wait_for_pages(torture, crew)) {
		if (swaps_take_off(swaps->fast, torture->options.limit_s, &how,
				   error))
			return -1;
		if (how == SWAPS_ENDLESS) {
			findings_add(&torture->unsound,
				     "swapoff of %s did not end in %u s, with "
				     "%u KiB in use",
				     swaps->fast,
				     (unsigned int)torture->options.limit_s,
				     (unsigned int)swaps_used_kib(swaps->fast));
			break;
		}
		if (how == SWAPS_REFUSED)
			continue;
		deed->swapoffs++;
		if (swaps_put_fast(swaps, error))
			return -1;
	}
	return 0;
}

int run_swapoff(struct torture *torture, struct deed *deed, struct error *error)
{
	const struct options *options = &torture->options;
	const struct crew_plan plan = {
		.threads = options->threads,
		.bytes = options->size / 4 * 3,
		.ops = CHURN_PAGEOUT | CHURN_COLD | CHURN_FREE,
		.steps = 12 * options->rounds,
		.first_owner = 400,
	};
	struct crew crew;

	if (crew_start(&crew, torture, &plan, error))
		return -1;
	int failed = again_and_again(torture, &crew, deed, error);

	crew_join(&crew);
	return failed;
}
