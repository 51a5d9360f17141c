// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "counters.h"
#include "workloads/lib/text.h"
#include "workloads/lib/procfs.h"

int counters_read(struct counters *counters, struct error *error)
{
	char text[16384];

	if (text_read("/proc/vmstat", text, sizeof(text)) < 0)
		return error_set(error, "/proc/vmstat: %s", strerror(errno));
	*counters = (struct counters){
		.ns = clock_ns(),
		.pswpout = procfs_number(text, "pswpout"),
		.pswpin = procfs_number(text, "pswpin"),
		.pglazyfreed = procfs_number(text, "pglazyfreed"),
		.thp_swpout = procfs_number(text, "thp_swpout"),
		.thp_swpout_fallback =
			procfs_number(text, "thp_swpout_fallback"),
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
