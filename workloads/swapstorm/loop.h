// SPDX-License-Identifier: GPL-2.0-only
// The loops that are measured.  Unless touches are timed, paced or given away,
// they have no system call, and nothing shared is written: `stop` is read only,
// the counter is our own line.  docs/overhead.md has what they cost.
//
// Inlined once for each set of constants, so that what is not asked for costs
// no instruction.
#ifndef SWAPSTORM_LOOP_H
#define SWAPSTORM_LOOP_H

#include "giveaway.h"
#include "touch.h"
#include "worker.h"

#define LOOP static inline __attribute__((always_inline))

// What a loop is inlined for.
struct loop_kind {
	bool timed; // touches are timed, paced or given away
	bool plain; // a page is its stamp, and nothing behind it
	bool dealt; // pages come from what is left for all
};

// Pages between two looks at `stop`, where a page is one store.
#define LOOP_BARE_PAGES ((uint64_t)64)

// Pages dealt at a time: a share of a line's way that is not seen in a page.
#define LOOP_DEALT_PAGES ((int64_t)64)

LOOP bool loop_stopped(const struct crew *crew)
{
	return atomic_load_explicit(&crew->stop, memory_order_relaxed);
}

// How many more pages to write; 0: all are given out.
LOOP uint64_t loop_deal(struct crew *crew)
{
	int64_t left;

	if (!crew->together)
		return UINT64_MAX;
	left = atomic_fetch_sub(&crew->left, LOOP_DEALT_PAGES);
	if (left <= 0)
		return 0;
	return (uint64_t)(left < LOOP_DEALT_PAGES ? left : LOOP_DEALT_PAGES);
}

LOOP void loop_count(struct worker *worker, uint64_t done)
{
	atomic_store_explicit(&worker->progress->pages, done,
			      memory_order_relaxed);
}

// Whether the page still has the stamp that we are about to write over.
LOOP bool loop_intact(const struct worker *worker, const void *at,
		      const struct stamp_id *id, const struct loop_kind kind)
{
	const struct stamp *found = at;
	struct stamp stamp;

	if (!kind.plain)
		return stamp_is(&worker->crew->content, at, id);
	stamp = stamp_make(worker->key, id);
	return found->magic == stamp.magic && found->thread == stamp.thread &&
	       found->page == stamp.page &&
	       found->generation == stamp.generation &&
	       found->checksum == stamp.checksum;
}

LOOP void loop_write(struct worker *worker, uint64_t page,
		     const struct loop_kind kind)
{
	unsigned char *at = worker_page(worker, page);
	struct stamp_id id = {worker->index, page, worker->generations[page]};

	if (worker->crew->verify && id.generation) {
		worker->stamps++;
		if (!loop_intact(worker, at, &id, kind))
			worker_check(worker, page);
	}
	worker->generations[page] = (uint32_t)++id.generation;
	if (kind.plain)
		*(struct stamp *)at = stamp_make(worker->key, &id);
	else
		stamp_write_keyed(&worker->crew->content, at, worker->key, &id);
}

LOOP void loop_read(struct worker *worker, uint64_t page)
{
	worker->read++;
	if (worker->crew->verify)
		worker_check(worker, page);
	else
		worker->sum += *worker_page(worker, page);
}

// What nobody has written yet is written: a read would show the zero page.
LOOP void loop_all(struct worker *worker, const struct loop_kind kind)
{
	struct crew *crew = worker->crew;
	const uint64_t pass = walk_pass(&worker->walk);
	const struct pace pace = {worker->begin_ns, crew->threads, crew->rate,
				  worker->index};
	uint64_t faults = kind.timed ? latency_major_faults() : 0;
	const uint64_t read_before = worker->read;
	struct giveaway run = {0, 0};
	uint64_t dealt = 0;
	uint64_t done = 0;

	for (uint64_t passes = 0; passes < crew->passes || !crew->passes;
	     passes++) {
		for (uint64_t i = 0; i < pass; i++) {
			uint64_t due = 0;
			uint64_t access;
			uint64_t page;
			bool write;

			if (kind.dealt && !dealt) {
				dealt = loop_deal(crew);
				if (!dealt)
					goto out;
			}
			if (kind.timed && crew->rate) {
				due = pace_due(&pace, done);
				pace_wait(due);
			}
			if (loop_stopped(crew))
				goto out;
			access = walk_next(&worker->walk);
			page = access & ACCESS_PAGE;
			write = !(access & ACCESS_READ) ||
				!worker->generations[page];
			if (kind.timed && crew->latency)
				touch_timed(worker, page, write, due, &faults);
			if (write)
				loop_write(worker, page, kind);
			else
				loop_read(worker, page);
			if (kind.timed && crew->pageout)
				giveaway_add(worker, &run, page);
			loop_count(worker, ++done);
			if (kind.dealt)
				dealt--;
		}
	}
out:
	worker->written += done - (worker->read - read_before);
}

// The least that makes a page dirty: what all else is measured against.
LOOP void loop_bare(struct worker *worker)
{
	struct crew *crew = worker->crew;
	const size_t page_size = crew->content.page_size;
	uint64_t done = 0;

	for (uint64_t pass = 1; pass <= crew->passes || !crew->passes; pass++) {
		volatile unsigned char *at = worker->region;
		uint64_t left = worker->pages;

		while (left && !loop_stopped(crew)) {
			uint64_t count =
				left < LOOP_BARE_PAGES ? left : LOOP_BARE_PAGES;
			volatile unsigned char *end = at + count * page_size;

			for (; at != end; at += page_size)
				*(volatile uint64_t *)at = pass;
			left -= count;
			done += count;
			loop_count(worker, done);
		}
		if (left)
			break;
	}
	worker->written += done;
}

#endif
