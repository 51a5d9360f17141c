// SPDX-License-Identifier: GPL-2.0-only
#include "workloads/lib/procfs.h"
#include "touch.h"

// So that the fault happens here and nowhere else.  A write that changes
// nothing, in one instruction: what is in the page is still to be checked.
static void touch(const struct worker *worker, uint64_t page, bool write)
{
	unsigned char *byte = worker_page(worker, page);

	if (write)
		__atomic_fetch_or(byte, 0, __ATOMIC_RELAXED);
	else
		(void)*(volatile unsigned char *)byte;
}

void touch_timed(struct worker *worker, uint64_t page, bool write,
		 uint64_t due_ns, uint64_t *faults)
{
	uint64_t begin = due_ns ? due_ns : clock_ns();
	enum touch kind = TOUCH_RESIDENT;
	uint64_t end;
	uint64_t now;

	touch(worker, page, write);
	end = clock_ns();
	now = latency_major_faults();
	if (!worker->generations[page])
		kind = TOUCH_FIRST;
	else if (now != *faults)
		kind = TOUCH_SWAP_IN;
	*faults = now;
	hist_add(&worker->latency->of[kind], end - begin);
}
