// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "counters.h"
#include "runner/agent/text.h"
#include "workloads/swapstorm/procfs.h"

int counters_read(struct counters *counters, struct error *error)
{
	char text[16384];

	if (text_read("/proc/vmstat", text, sizeof(text)) < 0)
		return error_set(error, "/proc/vmstat: %s", strerror(errno));
	*counters = (struct counters){
		.ns = clock_ns(),
		.pswpout = text_lookup(text, "pswpout"),
		.pswpin = text_lookup(text, "pswpin"),
		.pglazyfreed = text_lookup(text, "pglazyfreed"),
		.thp_swpout = text_lookup(text, "thp_swpout"),
		.thp_swpout_fallback = text_lookup(text, "thp_swpout_fallback"),
	};
	return 0;
}

struct counters counters_between(const struct counters *begin,
				 const struct counters *end)
{
	return (struct counters){
		.ns = end->ns - begin->ns,
		.pswpout = end->pswpout - begin->pswpout,
		.pswpin = end->pswpin - begin->pswpin,
		.pglazyfreed = end->pglazyfreed - begin->pglazyfreed,
		.thp_swpout = end->thp_swpout - begin->thp_swpout,
		.thp_swpout_fallback =
			end->thp_swpout_fallback - begin->thp_swpout_fallback,
	};
}
