// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "torture_region.h"

#define HUGE ((size_t)2 << 20)

static void *map(size_t bytes)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

// What is before and after it is given back.
static void *map_aligned(size_t bytes)
{
	unsigned char *begin = map(bytes + HUGE);

	if (begin == MAP_FAILED)
		return MAP_FAILED;
	size_t before = -(uintptr_t)begin % HUGE;

	if (before)
		munmap(begin, before);
	munmap(begin + before + bytes, HUGE - before);
	return begin + before;
}

int region_map(struct region *region, const struct torture *torture,
	       uint32_t owner, uint64_t pages, struct error *error)
{
	size_t bytes = pages * torture->content.page_size;
	size_t kept = pages * sizeof(*region->generations);

	*region = (struct region){
		.torture = torture,
		.owner = owner,
		.pages = pages,
		.bytes = map_aligned(bytes),
		.generations = map(kept),
	};
	if (region->bytes == MAP_FAILED || region->generations == MAP_FAILED)
		return error_set(error, "cannot map %zu bytes: %s", bytes,
				 strerror(errno));
	if (mlock(region->generations, kept))
		return error_set(error, "cannot lock %zu bytes: %s", kept,
				 strerror(errno));
	// EINVAL: a kernel that has no huge pages.
	if (madvise(region->bytes, bytes,
		    torture->options.huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE) &&
	    errno != EINVAL)
		return error_set(error, "madvise: %s", strerror(errno));
	return 0;
}

void region_unmap(struct region *region)
{
	munmap(region->bytes,
	       region->pages * region->torture->content.page_size);
	munmap(region->generations,
	       region->pages * sizeof(*region->generations));
}

static unsigned char *page_at(const struct region *region, uint64_t page)
{
	return region->bytes + page * region->torture->content.page_size;
}

static struct stamp_id id_of(const struct region *region, uint64_t page)
{
	return (struct stamp_id){
		.thread = region->owner,
		.page = page,
		.generation = region->generations[page],
	};
}

static void moved(const struct region *region)
{
	atomic_fetch_add_explicit(region->torture->progress, 1,
				  memory_order_relaxed);
}

void region_write(struct region *region, uint64_t page)
{
	region->generations[page]++;
	struct stamp_id id = id_of(region, page);

	stamp_write(&region->torture->content, page_at(region, page), &id);
	moved(region);
}

static void check(struct region *region, uint64_t page, bool zero_too)
{
	struct tally *tally = region->torture->tally;
	struct stamp_id id = id_of(region, page);
	struct finding finding;

	moved(region);
	tally->verified++;
	if (stamp_check(&region->torture->content, page_at(region, page), &id,
			&finding) ||
	    (zero_too && finding.kind == BAD_LOST))
		return;
	uint64_t place = tally->bad++;

	if (place < TALLY_FIRST_BAD)
		tally->first_bad[place] = finding;
}

void region_check(struct region *region, uint64_t page)
{
	check(region, page, false);
}

void region_check_freed(struct region *region, uint64_t page)
{
	check(region, page, true);
}

void region_advise(struct region *region, uint64_t page, uint64_t count,
		   int advice)
{
	madvise(page_at(region, page),
		count * region->torture->content.page_size, advice);
}
