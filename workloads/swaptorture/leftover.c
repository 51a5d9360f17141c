// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "leftover.h"
#include "knobs.h"
#include "workloads/lib/procfs.h"
#include "workloads/lib/text.h"

enum {
	// So many looks, 10 ms apart, until reclaim has come to rest.
	LOOKS = 500,
	// MemFree falls by what the kernel keeps for itself (slab, KASAN's
	// quarantine, lists of free pages per CPU): by 650 to 2260 pages in 28
	// boots that swapped out some 100,000.  A leak of one page in every
	// twenty-five is above this.
	LOST_PAGES = 4096,
};

#define REFRESH "/proc/sys/vm/stat_refresh"

static int read_free(const struct torture *torture, uint64_t *pages,
		     struct error *error)
{
	char text[8192];

	if (text_read("/proc/meminfo", text, sizeof(text)) < 0)
		return error_set(error, "/proc/meminfo: %s", strerror(errno));
	*pages = procfs_number(text, "MemFree") * 1024 /
		 torture->content.page_size;
	return 0;
}

int leftover_begin(const struct torture *torture, struct leftover *left,
		   struct error *error)
{
	return read_free(torture, &left->free, error);
}

// Counters lag by what CPUs have not yet added up; the write does that, and
// fails where a sum is negative.
static int read_counters(struct torture *torture, struct leftover *left,
			 struct error *error)
{
	char text[16384];

	if (text_write(REFRESH, "1")) {
		if (errno != EINVAL)
			return error_set(error, REFRESH ": %s",
					 strerror(errno));
		findings_add(&torture->unsound,
			     "a counter of /proc/vmstat is negative");
		return 1;
	}
	if (text_read("/proc/vmstat", text, sizeof(text)) < 0)
		return error_set(error, "/proc/vmstat: %s", strerror(errno));
	left->swap_cached = procfs_number(text, "nr_swapcached");
	left->isolated = procfs_number(text, "nr_isolated_anon");
	return 0;
}

// The swapoff of the fast one empties the CPUs' slot caches, too.
static int take_off(struct torture *torture, const char *path,
		    struct error *error)
{
	enum swaps_off how;

	if (swaps_take_off(path, torture->options.limit_s, &how, error))
		return -1;
	if (how == SWAPS_OFF)
		return 0;
	findings_add(&torture->unsound,
		     "swapoff of %s does not end: %" PRIu64
		     " KiB are in use with nothing mapped",
		     path, swaps_used_kib(path));
	return 1;
}

// A charge goes with the slot that it is for.
static void look_at_groups(struct torture *torture)
{
	static const char *const groups[] = {
		KNOBS_GROUPS "/shared", KNOBS_GROUPS "/limited",
		KNOBS_GROUPS "/boundless", KNOBS_GROUPS "/merged"};

	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		const uint64_t charged =
			knobs_swap_charged(&torture->options, groups[i]);

		if (charged)
			findings_add(&torture->unsound,
				     "%s: %" PRIu64 " bytes of swap are "
				     "charged with all of it off",
				     groups[i], charged);
	}
}

static void judge(struct torture *torture, const struct leftover *left)
{
	if (left->swap_cached)
		findings_add(&torture->unsound,
			     "SwapCached: %" PRIu64
			     " pages are left with nothing mapped",
			     left->swap_cached);
	if (left->isolated)
		findings_add(&torture->unsound,
			     "nr_isolated_anon: %" PRIu64
			     " pages are left off the LRU lists",
			     left->isolated);
	if (left->lost > LOST_PAGES)
		findings_add(&torture->unsound,
			     "MemFree: %" PRIu64
			     " pages less than at the beginning, with nothing "
			     "mapped",
			     left->lost);
}

int leftover_look(struct torture *torture, struct leftover *left,
		  struct error *error)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	const struct swaps *swaps = &torture->swaps;
	uint64_t free_now = 0;
	int stuck = take_off(torture, swaps->fast, error);

	if (stuck < 0)
		return -1;
	left->slots =
		swaps_used_kib(swaps->slow) * 1024 / torture->content.page_size;
	stuck = take_off(torture, swaps->slow, error);
	if (stuck < 0)
		return -1;
	for (int looks = 0; looks < LOOKS; looks++) {
		int failed = read_counters(torture, left, error);

		if (failed)
			return failed < 0 ? -1 : 0;
		if (!left->swap_cached && !left->isolated)
			break;
		nanosleep(&pause, NULL);
	}
	if (read_free(torture, &free_now, error))
		return -1;
	left->lost = left->free > free_now ? left->free - free_now : 0;
	judge(torture, left);
	look_at_groups(torture);
	return 0;
}
