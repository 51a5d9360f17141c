// SPDX-License-Identifier: GPL-2.0-only
#include <sys/resource.h>

#include "latency.h"

uint64_t latency_major_faults(void)
{
	struct rusage usage;

	// Fails for no thread that asks about itself.
	if (getrusage(RUSAGE_THREAD, &usage))
		return 0;
	return (uint64_t)usage.ru_majflt;
}

const char *latency_name(enum touch touch)
{
	static const char *const names[] = {
		[TOUCH_FIRST] = "first_touch",
		[TOUCH_RESIDENT] = "resident",
		[TOUCH_SWAP_IN] = "swap_in",
	};

	return names[touch];
}
