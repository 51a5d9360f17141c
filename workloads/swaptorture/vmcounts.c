// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>

#include "vmcounts.h"
#include "workloads/lib/text.h"
#include "workloads/lib/procfs.h"

int vmcounts_read(struct vmcounts *counters, struct error *error)
{
	char text[16384];

	if (text_read("/proc/vmstat", text, sizeof(text)) < 0)
		return error_set(error, "/proc/vmstat: %s", strerror(errno));
	*counters = (struct vmcounts){
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

struct vmcounts vmcounts_between(const struct vmcounts *begin,
				 const struct vmcounts *end)
{
	return (struct vmcounts){
		.ns = end->ns - begin->ns,
		.pswpout = end->pswpout - begin->pswpout,
		.pswpin = end->pswpin - begin->pswpin,
		.pglazyfreed = end->pglazyfreed - begin->pglazyfreed,
		.thp_swpout = end->thp_swpout - begin->thp_swpout,
		.thp_swpout_fallback =
			end->thp_swpout_fallback - begin->thp_swpout_fallback,
	};
}
