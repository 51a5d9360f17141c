// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <time.h>

#include "pace.h"

#define NS_PER_S ((uint64_t)1000000000)

uint64_t pace_due(const struct pace *pace, uint64_t n)
{
	unsigned __int128 turn =
		(unsigned __int128)n * pace->threads + pace->index;

	return pace->begin_ns + (uint64_t)(turn * NS_PER_S / pace->rate);
}

void pace_wait(uint64_t due_ns)
{
	const struct timespec due = {
		.tv_sec = (time_t)(due_ns / NS_PER_S),
		.tv_nsec = (long)(due_ns % NS_PER_S),
	};

	// Returns at once where it is past.
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL) ==
	       EINTR)
		;
}
