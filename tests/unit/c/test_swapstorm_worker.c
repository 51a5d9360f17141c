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
// Writing, reading back with planted damage, and how that is reported.
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "workloads/swapstorm/report.h"
#include "workloads/swapstorm/table.h"
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

static void walk(struct worker *worker, const struct pattern *pattern,
		 uint64_t reads)
{
	walk_start(&worker->walk, pattern,
		   &(struct pattern_settings){.read_percent = reads}, PAGES, 1,
		   NULL);
}

static int set_up(void **state)
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

static int tear_down(void **state)
{
	struct fixture *f = *state;

	free(f->regions);
	free(f);
	return 0;
}

static unsigned char *page_of(struct worker *worker, uint64_t page)
{
	return worker->region + page * PAGE;
}

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

static void test_an_older_generation_is_stale(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];

	worker_write(w);
	w->generations[11]++;
	worker_verify(w);
	assert_int_equal(w->bad, 1);
	assert_int_equal(w->first_bad[0].kind, BAD_STALE);
	assert_int_equal(w->first_bad[0].expected.page, 11);
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

static void plain(struct fixture *f)
{
	f->crew.content = content_make(9, PAGE, 100, false);
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

// Once, though the page is checked again when it has been written over.
static void damage_to_a_stamp(struct fixture *f)
{
	struct worker *w = &f->workers[0];

	f->crew.passes = 1;
	worker_write(w);
	stamp_write(&f->crew.content, page_of(w, 3),
		    &(struct stamp_id){1, 3, 1});
	memset(page_of(w, 5), 0, PAGE);
	page_of(w, 7)[20] ^= 2;
	page_of(w, 7)[PAGE - 1] ^= 2;
	worker_write(w);
	assert_int_equal(w->stamps, PAGES);
	assert_int_equal(w->bad, 3);
	assert_int_equal(w->first_bad[0].kind, BAD_FOREIGN);
	assert_int_equal(w->first_bad[0].expected.page, 3);
	assert_int_equal(w->first_bad[0].expected.generation, 1);
	assert_int_equal(w->first_bad[1].kind, BAD_LOST);
	assert_int_equal(w->first_bad[2].kind, BAD_CORRUPT);
	assert_int_equal(w->first_bad[2].offset, 20);
	assert_int_equal(w->first_bad[2].wrong_bits, 2);
	worker_verify(w);
	assert_int_equal(w->verified, 3 + PAGES);
	assert_int_equal(w->bad, 3);
}

static void test_damage_is_found_before_it_is_overwritten(void **state)
{
	damage_to_a_stamp(*state);
}

static void test_damage_to_stamps_alone(void **state)
{
	plain(*state);
	damage_to_a_stamp(*state);
}

// Damage behind the stamp outlives the writing of the next one.
static void test_damage_behind_a_stamp_stays(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];

	plain(f);
	f->crew.passes = 1;
	worker_write(w);
	page_of(w, 11)[2113] ^= 16;
	worker_write(w);
	assert_int_equal(w->bad, 0);
	worker_verify(w);
	assert_int_equal(w->bad, 1);
	assert_int_equal(w->first_bad[0].expected.page, 11);
	assert_int_equal(w->first_bad[0].expected.generation, 2);
	assert_int_equal(w->first_bad[0].offset, 2113);
	assert_int_equal(w->first_bad[0].wrong_bits, 1);
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

// A read that finds damage says so, though the page is then overwritten.
static void test_damage_is_found_when_it_is_read(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];

	f->crew.passes = 1;
	worker_write(w);
	page_of(w, 9)[PAGE - 1] ^= 4;
	walk(w, &pattern_sequential, 100);
	worker_write(w);
	assert_int_equal(w->read, PAGES);
	assert_int_equal(w->bad, 1);
	assert_int_equal(w->first_bad[0].expected.page, 9);
	assert_int_equal(w->first_bad[0].offset, PAGE - 1);
}

// One bad page is one, however often it is read before all is checked.
static void read_again(struct fixture *f)
{
	struct worker *w = &f->workers[0];
	struct pattern reads = pattern_readlater;
	uint64_t looked;

	f->crew.passes = 1;
	worker_write(w);
	page_of(w, 9)[PAGE - 1] ^= 4;
	memset(page_of(w, 12), 0, PAGE);
	walk(w, &pattern_sequential, 100);
	worker_write(w);
	// What readlater reads, and nothing that it writes.
	reads.rounds = 1;
	walk(w, &reads, 0);
	w->walk.at = PAGES;
	worker_write(w);
	assert_int_equal(w->read, 2 * PAGES);
	looked = w->verified;
	worker_verify(w);
	assert_int_equal(w->verified - looked, PAGES);
	assert_int_equal(w->bad, 2);
	assert_int_equal(w->first_bad[0].expected.page, 9);
	assert_int_equal(w->first_bad[0].offset, PAGE - 1);
	assert_int_equal(w->first_bad[1].expected.page, 12);
	assert_int_equal(w->first_bad[1].kind, BAD_LOST);
	// Damage that comes after it has been found is found, too.
	page_of(w, 9)[PAGE / 2] ^= 4;
	worker_verify(w);
	assert_int_equal(w->bad, 3);
	assert_int_equal(w->first_bad[2].offset, PAGE / 2);
}

static void test_damage_that_is_read_again_is_counted_once(void **state)
{
	read_again(*state);
}

static void test_damaged_stamps_that_are_read_again(void **state)
{
	plain(*state);
	read_again(*state);
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

static void test_all_damage_is_counted_the_first_kept(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[1];

	worker_write(w);
	for (uint64_t page = 10; page < 30; page += 2)
		page_of(w, page)[100] ^= 1;
	worker_verify(w);
	assert_int_equal(w->verified, PAGES);
	assert_int_equal(w->bad, 10);
	for (unsigned int i = 0; i < WORKER_FIRST_BAD; i++)
		assert_int_equal(w->first_bad[i].expected.page, 10 + 2 * i);
}

// The whole document, of a run with one page of each kind of damage.
static void test_document(void **state)
{
	struct fixture *f = *state;
	struct worker *a = &f->workers[0];
	struct worker *b = &f->workers[1];
	struct options options = {.threads = 2,
				  .pattern = &pattern_sequential,
				  .passes = 3,
				  .seed = 9,
				  .sample_ms = 20};
	struct memory memory = {.total = 268435456};
	struct phases phases = {.fill = {{10, 1, 0}, {20, 2, 0}},
				.has_steady = true,
				.steady = {{20, 2, 0}, {30, 50, 1}},
				.teardown = {{30, 50, 1}, {40, 60, 2}}};
	struct series series = {.interval_ns = 0};
	struct report report = {&options, &memory, &f->crew, f->workers,
				&phases,  &series, NULL};
	struct out out = {.fd = memfd_create("document", MFD_CLOEXEC)};
	char text[4096] = "";
	char expected[4096];

	worker_write(a);
	worker_write(b);
	memset(page_of(a, 4), 0, PAGE);
	stamp_write(&f->crew.content, page_of(a, 6),
		    &(struct stamp_id){0, 6, 2});
	memcpy(page_of(a, 39), page_of(b, 39), PAGE);
	page_of(b, 0)[PAGE - 1] ^= 0x80;
	worker_verify(a);
	worker_verify(b);
	a->begin_ns = 5;
	a->end_ns = 2500000005;
	a->steady_begin_pages = 10;
	a->steady_end_pages = 95;
	report_write(&report, &out);
	assert_int_equal(out_flush(&out), 0);
	assert_true(pread(out.fd, text, sizeof(text) - 1, 0) > 0);
	close(out.fd);
	snprintf(expected, sizeof(expected),
		 "{\"swapstorm\": 1,\n \"seed\": 9,\n \"threads\": 2,\n"
		 " \"page_size\": 4096,\n \"mem_total_bytes\": 268435456,\n"
		 " \"region_bytes_per_thread\": 163840,\n"
		 " \"pattern\": {\"name\": \"sequential\", "
		 "\"reads_percent\": 0},\n"
		 " \"content\": {\"compressible_percent\": 0, "
		 "\"same_filled\": false, \"bare\": false},\n"
		 " \"processes\": false,\n \"together\": false,\n \"region\": "
		 "\"private\",\n"
		 " \"thp\": \"never\",\n \"pageout_pages\": 0,\n"
		 " \"memcg_bytes\": 0,\n \"rate_per_s\": null,\n"
		 " \"passes\": 3,\n"
		 " \"time_limit_s\": null,\n \"sample_interval_ms\": 20,\n"
		 " \"phases\": {\n"
		 "  \"fill\": {\"begin_ns\": 10, \"end_ns\": 20, "
		 "\"pswpout_begin\": 1, \"pswpout_end\": 2, "
		 "\"pswpin_begin\": 0, \"pswpin_end\": 0},\n"
		 "  \"steady\": {\"begin_ns\": 20, \"end_ns\": 30, "
		 "\"pswpout_begin\": 2, \"pswpout_end\": 50, "
		 "\"pswpin_begin\": 0, \"pswpin_end\": 1},\n"
		 "  \"teardown\": {\"begin_ns\": 30, \"end_ns\": 40, "
		 "\"pswpout_begin\": 50, \"pswpout_end\": 60, "
		 "\"pswpin_begin\": 1, \"pswpin_end\": 2},\n"
		 "  \"verify\": null,\n  \"swapin\": null,\n"
		 "  \"swapoff\": null,\n  \"free\": null\n },\n"
		 " \"per_thread\": [\n"
		 "  {\"thread\": 0, \"pages_written\": 120, \"pages_read\": 0, "
		 "\"steady_pages\": 85, \"write_seconds\": 2.500000000, "
		 "\"user_us\": 0, \"system_us\": 0},\n"
		 "  {\"thread\": 1, \"pages_written\": 120, \"pages_read\": 0, "
		 "\"steady_pages\": 0, \"write_seconds\": 0.000000000, "
		 "\"user_us\": 0, \"system_us\": 0}\n ],\n"
		 " \"fairness\": {\"min_max\": 0.000000, "
		 "\"jain\": 0.500000},\n"
		 " \"latency_ns\": null,\n \"series\": null,\n"
		 " \"verification\": {\"done\": true, \"pages\": 80, "
		 "\"stamps\": 160, \"bad\": 4, \"first_bad\": [\n"
		 "  {\"thread\": 0, \"page\": 4, \"offset\": 0, "
		 "\"kind\": \"lost\", \"wrong_bits\": %u, "
		 "\"found\": \"all zeroes\", "
		 "\"expected\": \"thread 0 page 4 generation 3\"},\n"
		 "  {\"thread\": 0, \"page\": 6, \"offset\": 16, "
		 "\"kind\": \"stale\", \"wrong_bits\": %u, "
		 "\"found\": \"thread 0 page 6 generation 2\", "
		 "\"expected\": \"thread 0 page 6 generation 3\"},\n"
		 "  {\"thread\": 0, \"page\": 39, \"offset\": 4, "
		 "\"kind\": \"foreign\", \"wrong_bits\": %u, "
		 "\"found\": \"thread 1 page 39 generation 3\", "
		 "\"expected\": \"thread 0 page 39 generation 3\"},\n"
		 "  {\"thread\": 1, \"page\": 0, \"offset\": 4095, "
		 "\"kind\": \"corrupt\", \"wrong_bits\": 1, "
		 "\"found\": \"byte 0x%02x\", \"expected\": \"byte "
		 "0x%02x\"}]},\n"
		 " \"outcome\": \"bad-pages\"}\n",
		 a->first_bad[0].wrong_bits, a->first_bad[1].wrong_bits,
		 a->first_bad[2].wrong_bits, page_of(b, 0)[PAGE - 1] ^ 0x80u,
		 page_of(b, 0)[PAGE - 1]);
	assert_string_equal(text, expected);
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

// The parts that are there only if asked for.
static void test_document_with_times(void **state)
{
	struct fixture *f = *state;
	struct options options = {.threads = 2,
				  .passes = 1,
				  .pattern = &pattern_zipf,
				  .rate = 500,
				  .settings = {.zipf_theta_micro = 990000}};
	struct memory memory = {.total = 1};
	struct phases phases = {.now = PHASE_WRITTEN};
	uint64_t *rows = calloc(1, series_bytes(2));
	struct series series;
	struct report report = {&options, &memory, &f->crew, f->workers,
				&phases,  &series, NULL};
	struct out out = {.fd = memfd_create("document", MFD_CLOEXEC)};
	char text[8192] = "";

	series_init(&series, 2, 1000000, rows);
	*series_add(&series, 5) = (struct series_row){5, 10, 2, 3, 400};
	series_done(&series, 0)[1] = 77;
	*series_add(&series, 1000005) =
		(struct series_row){1000005, 11, 2, 3, 390};
	f->crew.latency = true;
	for (unsigned int i = 0; i < 2; i++) {
		f->workers[i].latency = calloc(1, sizeof(struct latency));
		for (uint64_t ns = 1; ns <= 50; ns++)
			hist_add(&f->workers[i].latency->of[TOUCH_SWAP_IN], ns);
	}
	report_write(&report, &out);
	assert_int_equal(out_flush(&out), 0);
	assert_true(pread(out.fd, text, sizeof(text) - 1, 0) > 0);
	close(out.fd);
	assert_non_null(strstr(text, " \"pattern\": {\"name\": \"zipf\", "
				     "\"theta\": 0.990000, "));
	assert_non_null(strstr(text, " \"rate_per_s\": 500,\n"));
	assert_non_null(strstr(
		text, "  \"swap_in\": {\"count\": 100, \"mean\": 25, "
		      "\"p50\": 25, \"p90\": 45, \"p95\": 48, \"p99\": 50, "
		      "\"p99.9\": 50, \"p99.99\": 50, \"max\": 50}},\n"));
	assert_non_null(strstr(text,
			       "\"rows\": [\n  [5, 10, 2, 3, 400, [0, 77]],\n"
			       "  [1000005, 11, 2, 3, 390, [0, 0]]]},\n"));
	for (unsigned int i = 0; i < 2; i++)
		free(f->workers[i].latency);
	free(rows);
}

// Two threads of which one got on three times as fast, and their touches.
static void test_table(void **state)
{
	struct fixture *f = *state;
	struct options options = {
		.threads = 2, .pattern = &pattern_sequential, .seed = 9};
	struct memory memory = {.total = 268435456};
	struct phases phases = {
		.has_steady = true,
		.fill = {{0, 0, 0}, {1000000000, 1, 0}},
		.steady = {{1000000000, 1, 0}, {3000000000, 1025, 3}},
		.teardown = {{3000000000, 1025, 3}, {3500000000, 1030, 3}}};
	struct series series = {.interval_ns = 0};
	struct report report = {&options, &memory, &f->crew, f->workers,
				&phases,  &series, NULL};
	struct out out = {.fd = memfd_create("table", MFD_CLOEXEC)};
	char text[4096] = "";

	worker_write(&f->workers[0]);
	page_of(&f->workers[0], 4)[100] ^= 1;
	worker_verify(&f->workers[0]);
	f->workers[0].begin_ns = 0;
	f->workers[0].end_ns = 3000000000;
	f->workers[0].steady_end_pages = 768;
	f->workers[1].steady_end_pages = 256;
	f->crew.latency = true;
	for (unsigned int i = 0; i < 2; i++) {
		f->workers[i].latency = calloc(1, sizeof(struct latency));
		hist_add(&f->workers[i].latency->of[TOUCH_SWAP_IN], 2000);
	}
	table_write(&report, &out);
	assert_int_equal(out_flush(&out), 0);
	assert_true(pread(out.fd, text, sizeof(text) - 1, 0) > 0);
	close(out.fd);
	assert_string_equal(
		text,
		"2 threads of 0.2 MiB each, 256.0 MiB of RAM, pattern "
		"sequential, seed 9\n\n"
		"phase        seconds  swapped out      MiB/s   swapped in\n"
		"fill           1.000            1        0.0            0\n"
		"steady         2.000         1024        2.0            3\n"
		"teardown       0.500            5        0.0            0\n\n"
		"thread      written         read       steady    share      "
		"MiB/s    seconds\n"
		"0               120            0          768   75.00%        "
		"1.5      3.000\n"
		"1                 0            0          256   25.00%        "
		"0.5      0.000\n"
		"fairness in the steady phase: min/max 0.3333, Jain 0.8000\n"
		"\ntouch, us       count      mean       p50       p90       "
		"p95       p99     p99.9    p99.99       max\n"
		"first_touch         0      0.00      0.00      0.00      "
		"0.00      0.00      0.00      0.00      0.00\n"
		"resident            0      0.00      0.00      0.00      "
		"0.00      0.00      0.00      0.00      0.00\n"
		"swap_in             2      2.00      2.00      2.00      "
		"2.00      2.00      2.00      2.00      2.00\n"
		"\nverified: 40 pages, 1 of them bad\n"
		"  thread 0 page 4 offset 100: corrupt\n"
		"\noutcome: bad-pages\n");
	for (unsigned int i = 0; i < 2; i++)
		free(f->workers[i].latency);
}

// Without a steady phase no thread has a share of it.
static void test_table_without_a_steady_phase(void **state)
{
	struct fixture *f = *state;
	struct options options = {.threads = 2,
				  .processes = true,
				  .pattern = &pattern_sequential};
	struct memory memory = {.total = 268435456};
	struct phases phases = {.now = PHASE_WRITTEN};
	struct series series = {.interval_ns = 0};
	struct report report = {&options, &memory, &f->crew, f->workers,
				&phases,  &series, NULL};
	struct out out = {.fd = memfd_create("table", MFD_CLOEXEC)};
	char text[4096] = "";

	f->crew.verify = false;
	table_write(&report, &out);
	assert_int_equal(out_flush(&out), 0);
	assert_true(pread(out.fd, text, sizeof(text) - 1, 0) > 0);
	close(out.fd);
	assert_non_null(strstr(text, "2 processes of "));
	assert_null(strstr(text, "\nsteady "));
	assert_null(strstr(text, "fairness"));
	assert_null(strstr(text, "touch"));
	assert_null(strstr(text, "verified"));
	assert_non_null(strstr(text, "\noutcome: no-pressure\n"));
}

static void test_output_that_cannot_be_written(void **state)
{
	struct out out = {.fd = -1};

	(void)state;
	for (int i = 0; i < 1000; i++)
		out_text(&out, "0123456789");
	assert_int_not_equal(out_flush(&out), 0);
}

#define WITH_CREW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CREW(test_passes),
		WITH_CREW(test_together),
		WITH_CREW(test_together_where_touches_are_timed),
		WITH_CREW(test_stopped_before_the_first_page),
		WITH_CREW(test_stopped_in_mid_pass),
		WITH_CREW(test_an_older_generation_is_stale),
		WITH_CREW(test_pages_never_written_are_not_checked),
		WITH_CREW(test_every_pattern_comes_back),
		WITH_CREW(test_stamps_alone),
		WITH_CREW(test_nothing_is_checked_unasked),
		WITH_CREW(test_damage_is_found_before_it_is_overwritten),
		WITH_CREW(test_damage_to_stamps_alone),
		WITH_CREW(test_damage_behind_a_stamp_stays),
		WITH_CREW(test_bare_pages),
		WITH_CREW(test_damage_is_found_when_it_is_read),
		WITH_CREW(test_damage_that_is_read_again_is_counted_once),
		WITH_CREW(test_damaged_stamps_that_are_read_again),
		WITH_CREW(test_reads_without_verification),
		WITH_CREW(test_all_damage_is_counted_the_first_kept),
		WITH_CREW(test_document),
		WITH_CREW(test_timed_touches),
		WITH_CREW(test_pages_given_away),
		WITH_CREW(test_the_original_stays),
		cmocka_unit_test(test_regions),
		WITH_CREW(test_document_with_times),
		WITH_CREW(test_table),
		WITH_CREW(test_table_without_a_steady_phase),
		cmocka_unit_test(test_output_that_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
