// SPDX-License-Identifier: GPL-2.0-only
// Two regions of the same content, which KSM makes one of: its pages go out by
// reclaim of a control group (MADV_PAGEOUT leaves alone what two map), two page
// tables hold one slot, and either side gets a page of its own when it writes.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "knobs.h"
#include "torture_region.h"
#include "workloads/lib/text.h"
#include "scenario.h"

#define GROUP KNOBS_GROUPS "/merged"
#define KSM   "/sys/kernel/mm/ksm/"

// Of an entry of /proc/PID/pagemap: type and offset of a slot, and that it is.
#define SLOT_BITS  ((UINT64_C(1) << 55) - 1)
#define SLOT_THERE (UINT64_C(1) << 62)

enum { PAGES = 1536, OWNER = 800 };

// Most of them: what is out already when KSM comes by stays as it is.
static uint64_t wait_merged(const struct torture *torture)
{
	const struct timespec pause = {.tv_nsec = 20000000};
	uint64_t pages = 0, before;

	do {
		before = pages;
		nanosleep(&pause, NULL);
		pages = text_read_number(KSM "pages_sharing");
	} while ((pages < PAGES * 3 / 4 || pages > before) &&
		 !torture_over(torture));
	return pages;
}

static int read_slots(const struct region *region, uint64_t slots[PAGES],
		      struct error *error)
{
	const uint64_t first =
		(uintptr_t)region->bytes / region->torture->content.page_size;
	const size_t bytes = PAGES * sizeof(*slots);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1
			     : pread(fd, slots, bytes,
				     (off_t)(first * sizeof(*slots)));

	if (fd >= 0)
		close(fd);
	if (got != (ssize_t)bytes)
		return error_set(error, "/proc/self/pagemap: %s",
				 got < 0 ? strerror(errno) : "is too short");
	return 0;
}

// Pages that are out in one slot for both.
static int count_out(const struct region twins[2], uint64_t *count,
		     struct error *error)
{
	static uint64_t slots[2][PAGES];

	for (int i = 0; i < 2; i++)
		if (read_slots(&twins[i], slots[i], error))
			return -1;
	*count = 0;
	for (int page = 0; page < PAGES; page++)
		*count += (slots[0][page] & SLOT_THERE) &&
			  (slots[0][page] & SLOT_BITS) ==
				  (slots[1][page] & SLOT_BITS);
	return 0;
}

static void write_both(struct region twins[2], uint64_t step)
{
	for (uint64_t page = 0; page < PAGES; page += step)
		for (int i = 0; i < 2; i++)
			region_write(&twins[i], page);
}

static void check_both(struct region twins[2])
{
	for (uint64_t page = 0; page < PAGES; page++)
		for (int i = 0; i < 2; i++)
			region_check(&twins[i], page);
}

// All of the group but `keep` bytes.  Not by its limit, whose writer is killed
// where the first rounds of reclaim do not do: Linux 7.3 makes active in them
// what KSM has made one of.
static int push_out(uint64_t keep, struct error *error)
{
	enum { TRIES = 200 };
	char text[24];

	for (int i = 0; i < TRIES; i++) {
		const uint64_t held = text_read_number(GROUP "/memory.current");

		if (held <= keep)
			break;
		snprintf(text, sizeof(text), "%" PRIu64, held - keep);
		if (text_write(GROUP "/memory.reclaim", text) &&
		    errno != EAGAIN)
			return error_set(error, GROUP "/memory.reclaim: %s",
					 strerror(errno));
	}
	return 0;
}

// In the group: merge, push out, compare, write where both share, compare.
static int work(const struct torture *torture, const void *plan,
		struct error *error)
{
	const struct options *options = &torture->options;
	const uint64_t bytes = PAGES * torture->content.page_size;
	struct region twins[2];
	uint64_t out;

	(void)plan;
	for (int i = 0; i < 2; i++) {
		if (region_map(&twins[i], torture, OWNER, PAGES, error))
			return -1;
		if (madvise(twins[i].bytes, bytes, MADV_MERGEABLE))
			return error_set(error, "MADV_MERGEABLE: %s",
					 strerror(errno));
	}
	for (uint64_t i = 0; i < options->rounds; i++) {
		if (knobs_group(options, GROUP, KNOBS_NO_LIMIT, KNOBS_NO_LIMIT,
				error))
			return -1;
		write_both(twins, 1);
		torture->tally->merged += wait_merged(torture);
		if ((options->old_groups
			     ? knobs_group(options, GROUP, bytes / 2,
					   KNOBS_NO_LIMIT, error)
			     : push_out(bytes / 2, error)) ||
		    count_out(twins, &out, error))
			return -1;
		torture->tally->merged_out += out;
		check_both(twins);
		write_both(twins, 3);
		check_both(twins);
		if (torture_over(torture))
			break;
	}
	return 0;
}

int run_merged(struct torture *torture, struct deed *deed, struct error *error)
{
	pid_t child;

	(void)deed;
	if (knobs_put(KSM "pages_to_scan", "4096", error) ||
	    knobs_put(KSM "sleep_millisecs", "10", error) ||
	    knobs_put(KSM "run", "1", error) ||
	    knobs_group(&torture->options, GROUP, KNOBS_NO_LIMIT,
			KNOBS_NO_LIMIT, error) ||
	    child_fork(torture, GROUP, work, NULL, &child, error) ||
	    child_wait(torture, child, error))
		return -1;
	// What is merged comes apart, and the scanner sleeps.
	return knobs_put(KSM "run", "2", error);
}
