// SPDX-License-Identifier: GPL-2.0-only
// Writing in passes and together, reading back, and what stops it.
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/c/two_workers.h"

static void test_passes(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];

	worker_write(w);
	assert_int_equal(w->written, 3 * PAGES);
	assert_int_equal(f->progress[0].pages, 3 * PAGES);
	assert_int_equal(w->generations[0], 3);
	assert_int_equal(w->generations[PAGES - 1], 3);
	worker_verify(w);
	assert_int_equal(w->verified, PAGES);
	assert_int_equal(w->bad, 0);
	assert_int_equal(f->progress[0].pages, 4 * PAGES);
}

// One writes what the other left, and nobody writes more than there is.
static void test_together(void **state)
{
	struct fixture *f = *state;
	struct worker *w = f->workers;

	f->crew.passes = 1;
	f->crew.together = true;
	f->crew.left = PAGES + 30;
	worker_write(&w[1]);
	worker_write(&w[0]);
	assert_int_equal(w[1].written, PAGES);
	assert_int_equal(w[0].written, 6); // 64 of 70 were dealt
	assert_int_equal(w[0].generations[5], 1);
	assert_int_equal(w[0].generations[6], 0);
	worker_verify(&w[0]);
	assert_int_equal(w[0].verified, 6);
	assert_int_equal(w[0].bad, 0);
}

static void test_together_where_touches_are_timed(void **state)
{
	struct fixture *f = *state;
	struct latency latency = {0};

	f->crew.passes = 1;
	f->crew.latency = true;
	f->workers[0].latency = &latency;
	worker_write(&f->workers[0]);
	assert_int_equal(f->workers[0].written, PAGES);
	f->workers[1].latency = &latency;
	f->crew.together = true;
	f->crew.left = 7;
	worker_write(&f->workers[1]);
	assert_int_equal(f->workers[1].written, 7);
}

static void test_stopped_before_the_first_page(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];

	atomic_store(&f->crew.stop, true);
	worker_write(w);
	assert_int_equal(w->written, 0);
	assert_int_equal(w->generations[0], 0);
	worker_verify(w);
	assert_int_equal(w->verified, 0);
	assert_int_equal(w->bad, 0);
}

static void *stop_later(void *argument)
{
	struct fixture *f = argument;

	// In the third pass or later, wherever it then is.
	while (atomic_load(&f->progress[0].pages) < 2 * PAGES + 7)
		sched_yield();
	atomic_store(&f->crew.stop, true);
	return NULL;
}

// Stopped in mid-pass: what lies behind is a generation older.
static void test_stopped_in_mid_pass(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];
	uint64_t sum = 0;
	pthread_t stopper;

	f->crew.passes = 0;
	assert_int_equal(pthread_create(&stopper, NULL, stop_later, f), 0);
	worker_write(w);
	pthread_join(stopper, NULL);
	assert_true(w->written >= 2 * PAGES + 7);
	for (uint64_t page = 0; page < PAGES; page++)
		sum += w->generations[page];
	assert_int_equal(w->written, sum);
	worker_verify(w);
	assert_int_equal(w->verified, PAGES);
	assert_int_equal(w->bad, 0);
}

static void test_pages_never_written_are_not_checked(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];

	f->crew.passes = 1;
	worker_write(w);
	for (uint64_t page = 5; page < PAGES; page++) {
		memset(page_of(w, page), 0, PAGE);
		w->generations[page] = 0;
	}
	worker_verify(w);
	assert_int_equal(w->verified, 5);
	assert_int_equal(w->bad, 0);
}

// Whatever the order, and also where most accesses read.
static void test_every_pattern_comes_back(void **state)
{
	struct fixture *f = *state;
	const struct pattern *pattern;

	for (unsigned int i = 0; (pattern = pattern_at(i)); i++) {
		struct worker *w = &f->workers[0];
		uint64_t table[PAGES];
		uint64_t touched = 0;
		uint64_t looked;

		memset(w->generations, 0, PAGES * sizeof(*w->generations));
		w->written = w->read = w->verified = 0;
		walk_start(
			&w->walk, pattern,
			&(struct pattern_settings){.stride = 7,
						   .zipf_theta_micro = 990000,
						   .hot_percent = 10,
						   .hot_accesses = 90,
						   .hot_shift = 25,
						   .read_percent = 70},
			PAGES, 3, table);
		worker_write(w);
		assert_int_equal(w->written + w->read,
				 f->crew.passes * walk_pass(&w->walk));
		assert_int_equal(w->verified, w->read);
		assert_true(w->read > 0);
		for (uint64_t page = 0; page < PAGES; page++)
			touched += w->generations[page] > 0;
		looked = w->verified;
		worker_verify(w);
		assert_int_equal(w->verified - looked, touched);
		assert_int_equal(w->bad, 0);
	}
}

// The loop of its own that pages of a stamp alone have writes what others do.
static void test_stamps_alone(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[1];
	struct finding finding;

	plain(f);
	worker_write(w);
	assert_int_equal(w->written, 3 * PAGES);
	assert_int_equal(w->stamps, 2 * PAGES);
	for (uint64_t page = 0; page < PAGES; page++)
		assert_true(stamp_check(&f->crew.content, page_of(w, page),
					&(struct stamp_id){1, page, 3},
					&finding));
	worker_verify(w);
	assert_int_equal(w->verified, PAGES);
	assert_int_equal(w->bad, 0);
}

static void test_nothing_is_checked_unasked(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];

	plain(f);
	f->crew.verify = false;
	worker_write(w);
	page_of(w, 3)[0] ^= 1;
	worker_write(w);
	assert_int_equal(w->stamps, 0);
	assert_int_equal(w->bad, 0);
}

static void test_bare_pages(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];

	f->crew.bare = true;
	f->crew.verify = false;
	worker_write(w);
	assert_int_equal(w->written, 3 * PAGES);
	assert_int_equal(f->progress[0].pages, 3 * PAGES);
	for (uint64_t page = 0; page < PAGES; page++) {
		assert_int_equal(page_of(w, page)[0], 3);
		for (size_t i = 1; i < PAGE; i++)
			assert_int_equal(page_of(w, page)[i], 0);
	}
	// Nothing behind the region was touched, and it can be stopped.
	assert_int_equal(w->region[PAGES * PAGE], 0);
	atomic_store(&f->crew.stop, true);
	f->crew.passes = 0;
	worker_write(w);
	assert_int_equal(w->written, 3 * PAGES);
}

static void test_reads_without_verification(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];

	f->crew.passes = 1;
	f->crew.verify = false;
	walk(w, &pattern_readlater, 0);
	worker_write(w);
	assert_int_equal(w->written, PAGES);
	assert_int_equal(w->read, PAGES);
	assert_int_equal(w->sum, PAGES * (STAMP_MAGIC & 0xff));
	assert_int_equal(w->verified, 0);
}

// Each touch is timed once, and counted as what it was.
static void test_timed_touches(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];
	struct hist *of;

	f->crew.latency = true;
	f->crew.rate = 1000000000;
	w->latency = calloc(1, sizeof(*w->latency));
	worker_write(w);
	of = w->latency->of;
	assert_int_equal(of[TOUCH_FIRST].total, PAGES);
	// This test's memory is not swapped out, but it might be.
	assert_int_equal(of[TOUCH_RESIDENT].total + of[TOUCH_SWAP_IN].total,
			 2 * PAGES);
	assert_int_equal(f->progress[0].pages, 3 * PAGES);
	worker_verify(w);
	assert_int_equal(w->verified, PAGES);
	assert_int_equal(w->bad, 0);
	free(w->latency);
}

// Given away in runs, a page is back and whole when it is next touched.
static void test_pages_given_away(void **state)
{
	static const struct list none = {.count = 0};
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];
	struct region_plan plan = {.nodes = &none};
	struct error error;

	f->crew.plan = &plan;
	f->crew.pageout = 7;
	assert_int_equal(worker_map(w, &error), 0);
	walk(w, &pattern_random, 30);
	worker_write(w);
	worker_verify(w);
	assert_int_equal(w->bad, 0);
	walk(w, &pattern_sequential, 0);
	worker_write(w);
	worker_verify(w);
	assert_int_equal(w->bad, 0);
	munmap(w->region, (PAGES + 1) * PAGE);
}

// What a process wrote is not in what its parent has, and the other way.
static void test_the_original_stays(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];

	worker_populate(w);
	assert_int_equal(w->generations[PAGES - 1], 1);
	assert_int_equal(w->written, 0);
	worker_verify_original(w);
	assert_int_equal(w->verified, PAGES);
	assert_int_equal(w->bad, 0);
	f->crew.passes = 1;
	worker_write(w);
	worker_verify_original(w);
	assert_int_equal(w->bad, PAGES);
	assert_int_equal(w->first_bad[0].kind, BAD_STALE);
}

// Each kind of region is there, zeroed, with a page behind it that is not.
static void test_regions(void **state)
{
	static const struct list none = {.count = 0};

	(void)state;
	for (int kind = REGION_PRIVATE; kind <= REGION_COW; kind++) {
		struct region_plan plan = {.kind = (enum region_kind)kind,
					   .nodes = &none};
		struct error error;
		unsigned char *region =
			region_map(&plan, 0, 4 * PAGE, PAGE, &error);
		int ends[2];

		assert_non_null(region);
		for (size_t i = 0; i < 4 * PAGE; i++)
			assert_int_equal(region[i], 0);
		assert_int_equal(pipe(ends), 0);
		assert_int_equal(write(ends[1], region, 1), 1);
		assert_int_equal(write(ends[1], region + 4 * PAGE, 1), -1);
		close(ends[0]);
		close(ends[1]);
		munmap(region, 5 * PAGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CREW(test_passes),
		WITH_CREW(test_together),
		WITH_CREW(test_together_where_touches_are_timed),
		WITH_CREW(test_stopped_before_the_first_page),
		WITH_CREW(test_stopped_in_mid_pass),
		WITH_CREW(test_pages_never_written_are_not_checked),
		WITH_CREW(test_every_pattern_comes_back),
		WITH_CREW(test_stamps_alone),
		WITH_CREW(test_nothing_is_checked_unasked),
		WITH_CREW(test_bare_pages),
		WITH_CREW(test_reads_without_verification),
		WITH_CREW(test_timed_touches),
		WITH_CREW(test_pages_given_away),
		WITH_CREW(test_the_original_stays),
		cmocka_unit_test(test_regions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
