// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/swapstorm/worker.c workloads/swapstorm/touch.c
// LINK: workloads/swapstorm/gate.c workloads/swapstorm/giveaway.c
// LINK: workloads/lib/stamp.c workloads/lib/content.c
// LINK: workloads/swapstorm/pattern.c workloads/swapstorm/pattern_sequential.c
// LINK: workloads/swapstorm/pattern_strided.c
// LINK: workloads/swapstorm/pattern_random.c workloads/swapstorm/pattern_zipf.c
// LINK: workloads/swapstorm/pattern_hotcold.c workloads/swapstorm/pattern_mix.c
// LINK: workloads/swapstorm/pattern_readlater.c workloads/swapstorm/report.c
// LINK: workloads/swapstorm/report_extra.c workloads/swapstorm/table.c
// LINK: workloads/swapstorm/fairness.c workloads/swapstorm/latency.c
// LINK: workloads/swapstorm/hist.c workloads/swapstorm/pace.c
// LINK: workloads/swapstorm/series.c workloads/lib/procfs.c
// LINK: workloads/swapstorm/region.c workloads/swapstorm/placement.c
// LINK: workloads/swapstorm/list.c workloads/swapstorm/options.c
// LINK: workloads/lib/number.c workloads/lib/out.c workloads/swapstorm/phases.c
// LINK: workloads/lib/error.c workloads/lib/text.c workloads/lib/notify.c
// LINK: workloads/swapstorm/after.c workloads/swapstorm/control.c
// LINK: workloads/lib/swap.c workloads/lib/frame.c
// LINK: workloads/swapstorm/process.c
// Two threads of swapstorm, run by the test itself, with a region each.
#ifndef TESTS_TWO_WORKERS_H
#define TESTS_TWO_WORKERS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "workloads/swapstorm/worker.h"

#define PAGE  ((size_t)4096)
#define PAGES ((size_t)40)

struct fixture {
	struct crew crew;
	struct worker workers[2];
	struct progress progress[2];
	uint32_t generations[2][PAGES];
	unsigned char *regions;
};

static inline void walk(struct worker *worker, const struct pattern *pattern,
			uint64_t reads)
{
	walk_start(&worker->walk, pattern,
		   &(struct pattern_settings){.read_percent = reads}, PAGES, 1,
		   NULL);
}

static inline int set_up(void **state)
{
	struct fixture *f = aligned_alloc(64, sizeof(*f));

	memset(f, 0, sizeof(*f));
	f->regions = aligned_alloc(PAGE, 2 * PAGES * PAGE);
	memset(f->regions, 0, 2 * PAGES * PAGE);
	f->crew.content = content_make(9, PAGE, 0, false);
	f->crew.threads = 2;
	f->crew.passes = 3;
	f->crew.verify = true;
	for (unsigned int i = 0; i < 2; i++) {
		f->workers[i].crew = &f->crew;
		f->workers[i].progress = &f->progress[i];
		f->workers[i].index = i;
		f->workers[i].pages = PAGES;
		f->crew.share = PAGES;
		f->workers[i].region = f->regions + (size_t)i * PAGES * PAGE;
		f->workers[i].generations = f->generations[i];
		f->workers[i].key = stamp_key(9, i);
		walk(&f->workers[i], &pattern_sequential, 0);
	}
	*state = f;
	return 0;
}

static inline int tear_down(void **state)
{
	struct fixture *f = *state;

	free(f->regions);
	free(f);
	return 0;
}

static inline unsigned char *page_of(struct worker *worker, uint64_t page)
{
	return worker->region + page * PAGE;
}

static inline void plain(struct fixture *f)
{
	f->crew.content = content_make(9, PAGE, 100, false);
}

#define WITH_CREW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
