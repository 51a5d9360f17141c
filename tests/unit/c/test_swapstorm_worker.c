// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/swapstorm/worker.c
// LINK: workloads/swapstorm/stamp.c
// LINK: workloads/swapstorm/report.c
// LINK: workloads/swapstorm/out.c
// LINK: workloads/swapstorm/phases.c
// LINK: workloads/swapstorm/error.c
/* Writing, reading back with planted damage, and how that is reported. */
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
#include "workloads/swapstorm/worker.h"

#define PAGE  ((size_t)4096)
#define PAGES ((size_t)40)

struct fixture {
	struct crew crew;
	struct worker workers[2];
	struct progress progress[2];
	unsigned char *pool;
	unsigned char *regions;
};

static int set_up(void **state)
{
	struct fixture *f = aligned_alloc(64, sizeof(*f));

	memset(f, 0, sizeof(*f));
	f->pool = malloc(pool_bytes(PAGE));
	pool_fill(f->pool, pool_bytes(PAGE), 9);
	f->regions = calloc(2 * PAGES, PAGE);
	f->crew.pool = (struct pool){f->pool, PAGE, 9};
	f->crew.threads = 2;
	f->crew.passes = 3;
	f->crew.verify = true;
	for (unsigned int i = 0; i < 2; i++) {
		f->workers[i].crew = &f->crew;
		f->workers[i].progress = &f->progress[i];
		f->workers[i].index = i;
		f->workers[i].pages = PAGES;
		f->workers[i].region = f->regions + (size_t)i * PAGES * PAGE;
	}
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	free(f->pool);
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
	assert_int_equal(worker_generation(w, 0), 3);
	assert_int_equal(worker_generation(w, PAGES - 1), 3);
	worker_verify(w);
	assert_int_equal(w->verified, PAGES);
	assert_int_equal(w->bad, 0);
	assert_int_equal(f->progress[0].pages, 4 * PAGES);
}

static void test_stopped_before_the_first_page(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];

	atomic_store(&f->crew.stop, true);
	worker_write(w);
	assert_int_equal(w->written, 0);
	assert_int_equal(worker_generation(w, 0), 0);
	worker_verify(w);
	assert_int_equal(w->verified, 0);
	assert_int_equal(w->bad, 0);
}

static void *stop_later(void *argument)
{
	struct fixture *f = argument;

	/* In the third pass or later, wherever it then is. */
	while (atomic_load(&f->progress[0].pages) < 2 * PAGES + 7)
		sched_yield();
	atomic_store(&f->crew.stop, true);
	return NULL;
}

/* Stopped in mid-pass: what lies behind the cursor is a generation older. */
static void test_stopped_in_mid_pass(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];
	pthread_t stopper;

	f->crew.passes = 0;
	assert_int_equal(pthread_create(&stopper, NULL, stop_later, f), 0);
	worker_write(w);
	pthread_join(stopper, NULL);
	assert_true(w->written >= 2 * PAGES + 7);
	assert_int_equal(w->written, (w->generation - 1) * PAGES + w->cursor);
	worker_verify(w);
	assert_int_equal(w->verified, PAGES);
	assert_int_equal(w->bad, 0);
}

/* The same, at a place that is known. */
static void test_generations_around_the_cursor(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];

	worker_write(w);
	for (uint64_t page = 0; page < 11; page++)
		stamp_write(&f->crew.pool, page_of(w, page),
			    &(struct stamp_id){0, page, 4});
	w->generation = 4;
	w->cursor = 11;
	assert_int_equal(worker_generation(w, 10), 4);
	assert_int_equal(worker_generation(w, 11), 3);
	worker_verify(w);
	assert_int_equal(w->bad, 0);
	w->cursor = 12;
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
	w->cursor = 5;
	memset(page_of(w, 5), 0, (PAGES - 5) * PAGE);
	worker_verify(w);
	assert_int_equal(w->verified, 5);
	assert_int_equal(w->bad, 0);
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

/* The whole document, of a run with one page of each kind of damage. */
static void test_document(void **state)
{
	struct fixture *f = *state;
	struct worker *a = &f->workers[0];
	struct worker *b = &f->workers[1];
	struct options options = {
		.threads = 2, .passes = 3, .seed = 9, .sample_ms = 20};
	struct memory memory = {.total = 268435456};
	struct phases phases = {.fill = {{10, 1, 0}, {20, 2, 0}},
				.has_steady = true,
				.steady = {{20, 2, 0}, {30, 50, 1}},
				.teardown = {{30, 50, 1}, {40, 60, 2}}};
	struct report report = {&options, &memory, &f->crew, f->workers,
				&phases};
	struct out out = {.fd = memfd_create("document", MFD_CLOEXEC)};
	char text[4096] = "";
	char expected[4096];

	worker_write(a);
	worker_write(b);
	memset(page_of(a, 4), 0, PAGE);
	stamp_write(&f->crew.pool, page_of(a, 6), &(struct stamp_id){0, 6, 2});
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
		 " \"region_bytes_per_thread\": 163840,\n \"passes\": 3,\n"
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
		 "  \"verify\": null\n },\n"
		 " \"per_thread\": [\n"
		 "  {\"thread\": 0, \"pages_written\": 120, "
		 "\"steady_pages\": 85, \"write_seconds\": 2.500000000},\n"
		 "  {\"thread\": 1, \"pages_written\": 120, "
		 "\"steady_pages\": 0, \"write_seconds\": 0.000000000}\n ],\n"
		 " \"verification\": {\"done\": true, \"pages\": 80, "
		 "\"bad\": 4, \"first_bad\": [\n"
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
		 a->first_bad[2].wrong_bits, page_of(b, 0)[PAGE - 1],
		 page_of(b, 0)[PAGE - 1] ^ 0x80u);
	assert_string_equal(text, expected);
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
		WITH_CREW(test_stopped_before_the_first_page),
		WITH_CREW(test_stopped_in_mid_pass),
		WITH_CREW(test_generations_around_the_cursor),
		WITH_CREW(test_pages_never_written_are_not_checked),
		WITH_CREW(test_all_damage_is_counted_the_first_kept),
		WITH_CREW(test_document),
		cmocka_unit_test(test_output_that_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
