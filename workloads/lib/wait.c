// SPDX-License-Identifier: GPL-2.0-only
#include "wait.h"

#include <time.h>

int wait_step(void)
{
	const int milliseconds = 10;
	const struct timespec step = {.tv_nsec = milliseconds * 1000000L};

	nanosleep(&step, NULL);
	return milliseconds;
}
