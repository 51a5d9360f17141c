// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>

#include "after.h"
#include "control.h"
#include "workloads/lib/swap.h"
#include "workloads/lib/text.h"

// Steps of this many pages meet each once, and no readahead guesses them.
static uint64_t scattered(uint64_t pages)
{
	uint64_t step = (uint64_t)2654435761 % pages;

	while (step < 2 || walk_common_divisor(step, pages) != 1)
		step = step % pages + 1 == pages ? 1 : step + 1;
	return step;
}

static void swap_in(struct worker *worker)
{
	const struct crew *crew = worker->crew;
	const uint64_t pages = worker->pages;
	const uint64_t step = crew->after.order == SWAPIN_RANDOM && pages > 3
				      ? scattered(pages)
				      : 1;
	uint64_t page = 0;

	for (uint64_t i = 0; i < pages; i++) {
		worker->sum +=
			*(volatile uint64_t *)(void *)worker_page(worker, page);
		page += step;
		if (page >= pages)
			page -= pages;
	}
}

// The first pages are out, if any are: they were written first.
static void drop(struct worker *worker)
{
	const size_t page_size = worker->crew->content.page_size;
	const uint64_t keep = worker->crew->after.keep;

	if (keep < worker->pages)
		munmap(worker_page(worker, keep),
		       (worker->pages - keep) * page_size);
}

static uint64_t kept(const struct worker *worker)
{
	const struct after_plan *plan = &worker->crew->after;

	return plan->asked[AFTER_DROP] && plan->keep < worker->pages
		       ? plan->keep
		       : worker->pages;
}

static void give_back(struct worker *worker)
{
	// A process ends instead, as it is timed.
	if (!worker->crew->processes)
		munmap(worker->region,
		       kept(worker) * worker->crew->content.page_size);
}

void after_work(struct worker *worker, enum after which)
{
	static void (*const steps[])(struct worker *) = {
		[AFTER_SWAPIN] = swap_in,
		[AFTER_DROP] = drop,
		[AFTER_FREE] = give_back,
	};
	struct after_plan *plan = &worker->crew->after;

	if (!plan->asked[which])
		return;
	gate_wait(&plan->begin[which]);
	steps[which](worker);
	if (which != AFTER_FREE || !worker->crew->processes)
		gate_wait(&plan->end[which]);
}

static int look(struct control *control, struct reading *reading,
		struct detail *detail, struct error *error)
{
	return vmstat_read_detail(control->vmstat, reading, detail, error);
}

int after_swapin(struct control *control, struct error *error)
{
	struct after_plan *plan = &control->crew->after;
	struct after_span *span = &control->afters.swapin;

	if (!plan->asked[AFTER_SWAPIN])
		return 0;
	if (control_wait(control, &plan->begin[AFTER_SWAPIN], error) ||
	    look(control, &span->begin, &span->before, error))
		return -1;
	gate_open(&plan->begin[AFTER_SWAPIN]);
	if (control_wait(control, &plan->end[AFTER_SWAPIN], error) ||
	    look(control, &span->end, &span->behind, error))
		return -1;
	gate_open(&plan->end[AFTER_SWAPIN]);
	span->pages = span->end.pswpin - span->begin.pswpin;
	span->done = true;
	return 0;
}

int after_swapoff(struct control *control, struct error *error)
{
	struct after_plan *plan = &control->crew->after;
	struct after_span *span = &control->afters.swapoff;
	const uint64_t page_size = control->crew->content.page_size;
	char swaps[8192], path[64];
	uint64_t kib, used_kib;

	if (!plan->asked[AFTER_DROP])
		return 0;
	if (control_pass(control, &plan->begin[AFTER_DROP], error) ||
	    control_pass(control, &plan->end[AFTER_DROP], error) ||
	    look(control, &span->begin, &span->before, error))
		return -1;
	for (;;) {
		if (text_read("/proc/swaps", swaps, sizeof(swaps)) < 0)
			return error_set(error, "--swapoff: /proc/swaps: %s",
					 strerror(errno));
		if (!swap_first(swaps, path, sizeof(path), &kib, &used_kib))
			break;
		if (swapoff(path))
			return error_set(error, "--swapoff: %s: %s", path,
					 strerror(errno));
		span->pages += used_kib * 1024 / page_size;
	}
	span->done = true;
	return look(control, &span->end, &span->behind, error);
}

int after_free(struct control *control, struct error *error)
{
	struct after_plan *plan = &control->crew->after;
	struct after_span *span = &control->afters.free;

	if (!plan->asked[AFTER_FREE])
		return 0;
	if (control_wait(control, &plan->begin[AFTER_FREE], error) ||
	    look(control, &span->begin, &span->before, error))
		return -1;
	gate_open(&plan->begin[AFTER_FREE]);
	if (control->crew->processes
		    ? control_join(control, error)
		    : control_wait(control, &plan->end[AFTER_FREE], error))
		return -1;
	if (look(control, &span->end, &span->behind, error))
		return -1;
	gate_open(&plan->end[AFTER_FREE]);
	for (unsigned int i = 0; i < control->crew->threads; i++)
		span->pages += kept(&control->workers[i]);
	span->done = true;
	return 0;
}
