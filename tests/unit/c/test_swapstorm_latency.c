// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/swapstorm/hist.c workloads/swapstorm/latency.c
// LINK: workloads/swapstorm/pace.c workloads/swapstorm/series.c
// Histogram against sorted samples, when accesses are due, rows that thin.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "workloads/swapstorm/latency.h"
#include "workloads/swapstorm/pace.h"
#include "workloads/lib/random.h"
#include "workloads/swapstorm/series.h"

#define SAMPLES 20000

static int upwards(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

// Every slot holds a run of numbers, and the runs follow one another.
static void test_slots_have_no_gaps(void **state)
{
	(void)state;
	assert_int_equal(hist_slot(0), 0);
	for (uint64_t slot = 0; slot + 1 < HIST_SLOTS; slot++) {
		uint64_t longest = hist_longest(slot);

		assert_int_equal(hist_slot(longest), slot);
		assert_int_equal(hist_slot(longest + 1), slot + 1);
	}
	assert_true(hist_longest(HIST_SLOTS - 1) ==
		    ((uint64_t)1 << HIST_LIMIT) - 1);
	assert_int_equal(hist_slot(UINT64_MAX), HIST_SLOTS - 1);
}

// Never below the true percentile, at most 1/64 above it.
static void check_percentiles(unsigned int magnitude)
{
	static const uint64_t ppm[] = {1,      10000,  500000, 900000,
				       990000, 999000, 999900, 1000000};
	static uint64_t samples[SAMPLES];
	struct hist *hist = calloc(1, sizeof(*hist));
	uint64_t random = magnitude;

	for (int i = 0; i < SAMPLES; i++) {
		// All magnitudes alike often, up to 2^magnitude.
		samples[i] = random_next(&random) >>
			     (64 - random_below(&random, magnitude) - 1);
		hist_add(hist, samples[i]);
	}
	qsort(samples, SAMPLES, sizeof(samples[0]), upwards);
	for (size_t i = 0; i < sizeof(ppm) / sizeof(ppm[0]); i++) {
		uint64_t rank = (SAMPLES * ppm[i] + HIST_PPM - 1) / HIST_PPM;
		uint64_t exact = samples[rank - 1];
		uint64_t found = hist_percentile(hist, ppm[i]);

		assert_true(found >= exact);
		assert_true(found - exact <= exact / HIST_SUB);
	}
	assert_true(hist->greatest == samples[SAMPLES - 1]);
	assert_int_equal(hist->total, SAMPLES);
	free(hist);
}

static void test_percentiles(void **state)
{
	(void)state;
	check_percentiles(6);
	check_percentiles(14);
	check_percentiles(24);
	check_percentiles(40);
}

static void test_empty_and_single(void **state)
{
	struct hist *hist = calloc(1, sizeof(*hist));

	(void)state;
	assert_int_equal(hist_percentile(hist, 500000), 0);
	hist_add(hist, 12345);
	assert_int_equal(hist_percentile(hist, 1), 12345);
	assert_int_equal(hist_percentile(hist, 999900), 12345);
	// What is too long is kept as the greatest, and nowhere else.
	hist_add(hist, (uint64_t)1 << 50);
	assert_int_equal(hist_percentile(hist, 500000), 12415);
	assert_true(hist_percentile(hist, 999900) == (uint64_t)1 << 50);
	free(hist);
}

static void test_merge_is_as_if_together(void **state)
{
	struct hist *parts = calloc(3, sizeof(*parts));
	uint64_t random = 5;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		uint64_t ns = random_next(&random) >> 30;

		hist_add(&parts[i % 2], ns);
		hist_add(&parts[2], ns);
	}
	hist_merge(&parts[0], &parts[1]);
	assert_memory_equal(&parts[0], &parts[2], sizeof(*parts));
	free(parts);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(latency_name(TOUCH_FIRST), "first_touch");
	assert_string_equal(latency_name(TOUCH_RESIDENT), "resident");
	assert_string_equal(latency_name(TOUCH_SWAP_IN), "swap_in");
}

// Two threads take turns; nothing drifts, however many accesses there were.
static void test_due_times(void **state)
{
	struct pace first = {1000, 2, 4, 0};
	struct pace second = {1000, 2, 4, 1};
	struct pace odd = {0, 3, 7, 2};

	(void)state;
	assert_true(pace_due(&first, 0) == 1000);
	assert_true(pace_due(&second, 0) == 250001000);
	assert_true(pace_due(&first, 1) == 500001000);
	assert_true(pace_due(&second, 1) == 750001000);
	// 3n + 2 sevenths of a second, rounded down each time anew.
	assert_true(pace_due(&odd, 700000000) == 300000000285714285u);
	for (uint64_t n = 0; n < 1000; n++)
		assert_true(pace_due(&odd, n + 7) ==
			    pace_due(&odd, n) + 3000000000u);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Never early; what is past is not waited for at all.
static void test_wait(void **state)
{
	uint64_t due = now_ns() + 3000000;

	(void)state;
	pace_wait(due);
	assert_true(now_ns() >= due);
	pace_wait(0);
}

// However long the run, its rows span all of it, evenly.
static void test_rows_thin_out(void **state)
{
	const unsigned int threads = 3;
	uint64_t *memory = malloc(series_bytes(threads));
	struct series series;
	uint64_t now = 1000;

	(void)state;
	series_init(&series, threads, 100, memory);
	for (int i = 0; i < 5000; i++) {
		struct series_row *row = series_add(&series, now);

		row->t_ns = now;
		for (unsigned int j = 0; j < threads; j++)
			series_done(&series, series.used - 1)[j] = now + j;
		assert_true(series.next_ns > now);
		now = series.next_ns;
	}
	assert_in_range(series.used, series.most / 2, series.most);
	for (unsigned int i = 0; i < series.used; i++) {
		uint64_t t_ns = series.rows[i].t_ns;

		assert_true(t_ns == 1000 + i * series.interval_ns);
		for (unsigned int j = 0; j < threads; j++)
			assert_true(series_done(&series, i)[j] == t_ns + j);
	}
	free(memory);
}

static void test_a_late_row_does_not_shift_the_others(void **state)
{
	uint64_t *memory = malloc(series_bytes(1));
	struct series series;

	(void)state;
	series_init(&series, 1, 100, memory);
	series_add(&series, 1000);
	assert_int_equal(series.next_ns, 1100);
	series_add(&series, 1350);
	assert_int_equal(series.next_ns, 1400);
	free(memory);
}

static void test_rows_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(series_most(1), 512);
	for (unsigned int threads = 1; threads <= 1024; threads++) {
		unsigned int most = series_most(threads);

		assert_true(most >= 96 && most % 2 == 0);
		assert_true(most * (threads + 5) <= 100000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slots_have_no_gaps),
		cmocka_unit_test(test_percentiles),
		cmocka_unit_test(test_empty_and_single),
		cmocka_unit_test(test_merge_is_as_if_together),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_due_times),
		cmocka_unit_test(test_wait),
		cmocka_unit_test(test_rows_thin_out),
		cmocka_unit_test(test_a_late_row_does_not_shift_the_others),
		cmocka_unit_test(test_rows_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
