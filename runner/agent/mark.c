// SPDX-License-Identifier: GPL-2.0-only
#include "mark.h"

#include "lockstep/marks.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

// Seven bytes, of which the last four are the mark.
#define TELL(what) \
	__asm__ volatile("nopl %c0(%%rax)" : : "i"(MARK | (what)) : "memory")

void mark_window(bool begins)
{
	if (begins)
		TELL(MARK_BEGIN);
	else
		TELL(MARK_END);
}

int mark_cpus(struct error *fault)
{
	const long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t all, only;

	if (sched_getaffinity(0, sizeof(all), &all))
		return error_coded(fault, ERROR_PROTOCOL,
				   "sched_getaffinity: %s", strerror(errno));
	for (int cpu = 0; cpu < cpus; cpu++) {
		CPU_ZERO(&only);
		CPU_SET(cpu, &only);
		if (sched_setaffinity(0, sizeof(only), &only))
			return error_coded(fault, ERROR_PROTOCOL,
					   "sched_setaffinity to CPU %d: %s",
					   cpu, strerror(errno));
		TELL(MARK_CPU);
	}
	if (sched_setaffinity(0, sizeof(all), &all))
		return error_coded(fault, ERROR_PROTOCOL,
				   "sched_setaffinity: %s", strerror(errno));
	return 0;
}
