// SPDX-License-Identifier: GPL-2.0-only
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "churn.h"
#include "workloads/lib/random.h"

enum {
	STEP_PAGES = 64,   // looked at in a step
	OP_PAGES = 256,	   // an op is for at most so many
	CHILD_PAGES = 200, // a forked child looks at
};

struct range {
	uint64_t begin, count;
};

static struct range some_range(struct churn *churn)
{
	uint64_t pages = churn->region.pages;
	struct range range = {random_below(&churn->random, pages), 0};

	if (churn->ops & CHURN_WHOLE)
		return (struct range){0, pages};
	range.count = 1 + random_below(&churn->random, OP_PAGES);
	if (range.count > pages - range.begin)
		range.count = pages - range.begin;
	return range;
}

static void page_out(struct churn *churn, struct range range)
{
	struct tally *tally = churn->region.torture->tally;
	struct sysinfo info;

	region_advise(&churn->region, range.begin, range.count, MADV_PAGEOUT);
	tally->pageouts++;
	if (!sysinfo(&info) && info.totalswap && !info.freeswap)
		tally->exhausted++;
}

// What was freed lazily is the old content or none, until it is written.
static void free_lazily(struct churn *churn, struct range range)
{
	struct region *region = &churn->region;

	region_advise(region, range.begin, range.count, MADV_FREE);
	if (random_below(&churn->random, 2))
		page_out(churn, range);
	for (uint64_t i = range.begin; i < range.begin + range.count; i++) {
		region_check_freed(region, i);
		region_write(region, i);
	}
}

static void look_at(struct churn *churn, unsigned int count)
{
	struct region *region = &churn->region;

	while (count--) {
		uint64_t page = random_below(&churn->random, region->pages);

		region_check(region, page);
		if (random_below(&churn->random, 2)) {
			region_write(region, page);
			region_check(region, page);
		}
	}
}

// Pages, and slots of pages that are out, are shared from fork to the first
// write of either side.  Paged out first, because MADV_PAGEOUT leaves pages
// alone that more than one process maps.
static void share(struct churn *churn, struct range range)
{
	page_out(churn, range);
	pid_t child = fork();

	// The kernel may lack the memory for one.
	if (child < 0)
		return;
	if (!child) {
		churn->random ^= 0x5555;
		for (uint64_t i = 0; i < range.count; i += 2)
			region_check(&churn->region, range.begin + i);
		look_at(churn, CHILD_PAGES);
		page_out(churn, range);
		look_at(churn, CHILD_PAGES);
		_exit(0);
	}
	for (uint64_t i = 0; i < range.count; i += 3)
		region_write(&churn->region, range.begin + i);
	look_at(churn, CHILD_PAGES);
	struct tally *tally = churn->region.torture->tally;
	int status;

	if (waitpid(child, &status, 0) == child &&
	    !tally_child(tally, status) && WIFEXITED(status))
		tally->forks++;
}

// One of those allowed; 0 where none is.
static unsigned int some_op(struct churn *churn)
{
	unsigned int ops = churn->ops & CHURN_OPS;
	uint64_t drop = random_next(&churn->random);

	if (!ops)
		return 0;
	for (drop %= (unsigned int)__builtin_popcount(ops); drop; drop--)
		ops &= ops - 1;
	return ops & -ops;
}

static void step(struct churn *churn)
{
	unsigned int op = some_op(churn);
	struct range range = some_range(churn);

	look_at(churn, STEP_PAGES);
	switch (op) {
	case CHURN_PAGEOUT:
		page_out(churn, range);
		break;
	case CHURN_COLD:
		region_advise(&churn->region, range.begin, range.count,
			      MADV_COLD);
		break;
	case CHURN_FREE:
		free_lazily(churn, range);
		break;
	case CHURN_FORK:
		share(churn, range);
		break;
	default:
		break;
	}
}

void churn_run(struct churn *churn)
{
	struct region *region = &churn->region;

	if (!region->pages)
		return;
	for (uint64_t page = 0; page < region->pages; page++)
		region_write(region, page);
	for (uint64_t i = 0; i < churn->steps; i++) {
		if (torture_over(region->torture))
			break;
		step(churn);
	}
	for (uint64_t page = 0; page < region->pages; page++)
		region_check(region, page);
}
