// SPDX-License-Identifier: GPL-2.0-only
// LINK: model/simulate.c model/project.c model/error.c
/*
 * The simulator against closed forms, which are computed here by themselves.
 * Seeds are fixed, so a statistical bound either always holds or never.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/project.h"

static struct scenario one_lock(double private_work, double hold,
				enum service service)
{
	return (struct scenario){
		.ns_per_instruction = 1,
		.private_work = private_work,
		.private_service = service,
		.locks = {{"lock", 1, hold, service, 1}},
		.lock_count = 1,
		.pages = 20000,
		.warmup = 1000,
		.seeds = 6,
		.seed = 1,
	};
}

static struct run run_one(const struct scenario *s, uint32_t workers,
			  uint64_t seed)
{
	struct error error = {""};
	struct run run;

	if (simulate(s, workers, seed, &run, &error))
		fail_msg("%s", error.line);
	return run;
}

static const struct projection *run_all(struct scenario *s, uint32_t workers)
{
	static struct projection projection;
	struct error error = {""};

	s->workers[0] = workers;
	s->worker_counts = 1;
	if (project(s, &projection, &error))
		fail_msg("%s", error.line);
	return &projection;
}

#define near(value, wanted, relative)                                         \
	do {                                                                  \
		double near_v = (value), near_w = (wanted);                   \
		if (!(fabs(near_v - near_w) <= (relative)*fabs(near_w)))      \
			fail_msg("%s: %.9g is not within %g of %.9g", #value, \
				 near_v, (double)(relative), near_w);         \
	} while (0)

/* As many pages in a run, however many share the work. */
static void share_pages(struct scenario *s, uint32_t workers)
{
	s->pages = 80000 / workers;
	s->warmup = 8000 / workers;
}

/* Within half a percent, and within five standard errors of the mean. */
static void agrees(const struct spread *spread, uint32_t seeds, double wanted)
{
	near(spread->mean, wanted, 0.005);
	if (fabs(spread->mean - wanted) > 5 * spread->deviation / sqrt(seeds))
		fail_msg("%.9g is over five standard errors (%g) off %.9g",
			 spread->mean, spread->deviation / sqrt(seeds), wanted);
}

/*
 * Machine repairman, M/M/1//N: P(k at the lock) is in proportion to
 * N!/(N-k)! (hold/think)^k; the lock is busy unless k is 0.
 */
static double repairman_busy(uint32_t n, double think, double hold)
{
	double term = 1;
	double sum = 1;

	for (uint32_t k = 1; k <= n; k++) {
		term *= (n - k + 1) * hold / think;
		sum += term;
	}
	return 1 - 1 / sum;
}

static void test_machine_repairman(void **state)
{
	static const uint32_t counts[] = {1, 2, 4, 10, 16, 40};
	const double think = 9000;
	const double hold = 1000;

	(void)state;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		uint32_t n = counts[i];
		struct scenario s = one_lock(think, hold, EXPONENTIAL);
		double busy = repairman_busy(n, think, hold);
		double rate = busy / hold * 1e9;
		const struct projection *p;

		share_pages(&s, n);
		p = run_all(&s, n);
		agrees(&p->points[0].pages_per_s, s.seeds, rate);
		near(p->points[0].locks[0].utilisation, busy, 0.005);
		/* Little: all N are thinking, waiting or holding. */
		near(p->points[0].locks[0].holding, busy / n, 0.005);
		assert_true(fabs(p->points[0].locks[0].waiting -
				 (1 - (think + hold) * rate / 1e9 / n)) <
			    0.003);
	}
}

/*
 * Several locks, several visits: exact mean value analysis of the product-form
 * network.  Order and number of visits do not matter, only the demands do.
 */
static double mva(uint32_t n, double think, const double *demand,
		  unsigned int count)
{
	double queue[MAX_LOCKS] = {0};
	double rate = 0;

	for (uint32_t k = 1; k <= n; k++) {
		double time = think;

		for (unsigned int i = 0; i < count; i++)
			time += demand[i] * (1 + queue[i]);
		rate = k / time;
		for (unsigned int i = 0; i < count; i++)
			queue[i] = rate * demand[i] * (1 + queue[i]);
	}
	return rate * 1e9;
}

static void test_several_locks(void **state)
{
	/* The last lock is four: each is a station with a quarter of it. */
	static const double demand[] = {600, 1000, 180, 240, 240, 240, 240};
	struct scenario s = one_lock(6000, 300, EXPONENTIAL);

	(void)state;
	s.lock_count = 4;
	s.locks[0].acquisitions = 2;
	s.locks[1] = (struct lock){"b", 4, 250, EXPONENTIAL, 1};
	s.locks[2] = (struct lock){"c", 1, 180, EXPONENTIAL, 1};
	s.locks[3] = (struct lock){"d", 3, 320, EXPONENTIAL, 4};
	for (uint32_t n = 1; n <= 16; n *= 4) {
		share_pages(&s, n);
		agrees(&run_all(&s, n)->points[0].pages_per_s, s.seeds,
		       mva(n, 6000, demand, 7));
	}
}

static void test_no_contention(void **state)
{
	struct scenario s = one_lock(9000, 1000, DETERMINISTIC);

	(void)state;
	/*
	 * Once they have queued up at the first visit, ten workers of period
	 * ten holds never meet again.  A window that ends at an arrival is off
	 * by at most one page of each.
	 */
	for (uint32_t n = 1; n <= 10; n++) {
		struct run run = run_one(&s, n, 1);

		near(run.pages_per_s, n / 10000.0 * 1e9, 1e-4);
		assert_true(run.locks[0].waiting == 0);
		near(run.locks[0].utilisation, n / 10.0, 1e-4);
	}
}

static void test_saturated(void **state)
{
	struct scenario s = one_lock(9000, 1000, DETERMINISTIC);
	struct run run = run_one(&s, 16, 1);

	(void)state;
	near(run.pages_per_s, 1e9 / 1000, 1e-4);
	near(run.locks[0].utilisation, 1, 1e-9);
	/* 16 periods of 1000 ns, of which 9000 ns think and 1000 ns hold. */
	near(run.locks[0].waiting, 6.0 / 16, 1e-4);
	near(run.locks[0].holding, 1.0 / 16, 1e-4);
}

/*
 * Four workers meet at an empty lock and all four visits are booked at once,
 * but when the window closes, the first has just come back: one page is done,
 * the second is being held, two workers still wait.
 */
static void test_what_is_booked_ahead(void **state)
{
	struct scenario s = one_lock(1, 1000, DETERMINISTIC);
	struct run run;

	(void)state;
	s.warmup = 0;
	s.pages = 1;
	run = run_one(&s, 4, 1);
	near(run.simulated_s, 1.001e-6, 1e-3);
	near(run.pages_per_s * run.simulated_s, 1, 1e-9);
	near(run.locks[0].utilisation, 1, 1e-9);
	near(run.locks[0].waiting, 0.75, 2e-3);
	near(run.locks[0].holding, 0.25, 1e-3);
}

static void test_hand_over(void **state)
{
	struct scenario s = one_lock(9000, 1000, DETERMINISTIC);
	struct run run;

	(void)state;
	s.hand_over = 250;
	/* Who never waits pays nothing. */
	near(run_one(&s, 1, 1).pages_per_s, 1e5, 1e-4);
	/* All others take the lock from its holder: 1250 ns each. */
	run = run_one(&s, 32, 1);
	near(run.pages_per_s, 1e9 / 1250, 1e-4);
	near(run.locks[0].utilisation, 1, 1e-9);
	near(run.locks[0].holding, 0.8 / 32, 1e-4);
}

static void test_nanoseconds_scale_instructions(void **state)
{
	struct scenario s = one_lock(9000, 1000, EXPONENTIAL);
	double slow = run_one(&s, 8, 3).pages_per_s;

	(void)state;
	s.ns_per_instruction = 0.25;
	near(run_one(&s, 8, 3).pages_per_s, 4 * slow, 1e-9);
}

/* 2.25 visits a page are 2, 2, 2, 3; 0.067 are one in fifteen. */
static void test_fractional_visits(void **state)
{
	struct scenario s = one_lock(9000, 400, DETERMINISTIC);
	struct run run;

	(void)state;
	s.locks[0].acquisitions = 2.25;
	run = run_one(&s, 1, 1);
	assert_in_range(run.visits, 47248, 47252); /* of 21000 pages */
	near(run.pages_per_s, 1e9 / (9000 + 2.25 * 400), 1e-4);

	s.locks[0].acquisitions = 0.067;
	run = run_one(&s, 1, 1);
	assert_in_range(run.visits, 1406, 1408);
	near(run.pages_per_s, 1e9 / (9000 + 0.067 * 400), 1e-4);
}

static void test_without_locks(void **state)
{
	struct scenario s = one_lock(5000, 0, DETERMINISTIC);
	const struct projection *p;

	(void)state;
	s.lock_count = 0;
	p = run_all(&s, 8);
	near(p->points[0].pages_per_s.mean, 8 / 5e-6, 1e-4);
	assert_true(p->largest_demand == 0 && p->saturation_workers == 0);
	near(p->points[0].bound, 8 / 5e-6, 1e-12);
}

static void test_bounds(void **state)
{
	struct scenario s = one_lock(6000, 300, EXPONENTIAL);

	(void)state;
	s.lock_count = 2;
	s.locks[0].acquisitions = 2; /* demand 600 */
	s.locks[1] = (struct lock){"b", 8, 400, EXPONENTIAL, 4}; /* 800 */
	s.pages = 300;
	s.warmup = 30;
	for (uint32_t n = 1; n <= 64; n *= 2) {
		const struct projection *p = run_all(&s, n);
		const struct point *point = &p->points[0];

		assert_int_equal(p->saturating, 1);
		near(p->largest_demand, 800e-9, 1e-12);
		near(p->page_time, 9800e-9, 1e-12);
		near(p->saturation_workers, 9800.0 / 800, 1e-12);
		near(point->bound, fmin(n / 9800e-9, 1 / 800e-9), 1e-12);
		assert_true(point->pages_per_s.mean <= 1.02 * point->bound);
		assert_true(point->pages_per_s.low < point->pages_per_s.mean);
		assert_true(point->pages_per_s.high > point->pages_per_s.mean);
	}
	/* Who waits long enough gets near the bound. */
	near(run_all(&s, 512)->points[0].pages_per_s.mean, 1 / 800e-9, 0.02);
}

static void test_spread_over_seeds(void **state)
{
	struct scenario s = one_lock(9000, 1000, EXPONENTIAL);
	const struct spread *spread;
	double rate[3];
	double mean;

	(void)state;
	s.pages = 100;
	s.seeds = 3;
	s.seed = 5;
	for (uint64_t i = 0; i < 3; i++)
		rate[i] = run_one(&s, 4, 5 + i).pages_per_s;
	assert_true(rate[0] != rate[1] && rate[1] != rate[2]);
	mean = (rate[0] + rate[1] + rate[2]) / 3;
	spread = &run_all(&s, 4)->points[0].pages_per_s;
	near(spread->mean, mean, 1e-12);
	assert_true(spread->low == fmin(rate[0], fmin(rate[1], rate[2])));
	assert_true(spread->high == fmax(rate[0], fmax(rate[1], rate[2])));
	near(spread->deviation,
	     sqrt((pow(rate[0] - mean, 2) + pow(rate[1] - mean, 2) +
		   pow(rate[2] - mean, 2)) /
		  2),
	     1e-9);
	s.seeds = 1;
	assert_true(run_all(&s, 4)->points[0].pages_per_s.deviation == 0);
}

static void test_a_seed_repeats(void **state)
{
	struct scenario s = one_lock(9000, 1000, EXPONENTIAL);
	struct run first = run_one(&s, 16, 42);
	struct run again = run_one(&s, 16, 42);
	struct run other = run_one(&s, 16, 43);

	(void)state;
	assert_memory_equal(&first, &again, sizeof(first));
	assert_true(first.pages_per_s != other.pages_per_s);
}

/* Where a page's time drowns in the clock's, there is no rate to give. */
static void test_times_too_far_apart(void **state)
{
	struct scenario s = one_lock(1e-3, 1e9, DETERMINISTIC);
	struct error error = {""};
	struct run run;

	(void)state;
	s.ns_per_instruction = 1e6;
	s.private_work = 1e-3 * 1e-6;
	s.locks[0].acquisitions = 1e-3;
	s.warmup = 1000;
	s.pages = 1;
	assert_int_equal(simulate(&s, 1, 1, &run, &error), -1);
	assert_string_equal(error.line,
			    "the times of the input lie too far apart: 1 "
			    "workers did 1 pages in no time");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machine_repairman),
		cmocka_unit_test(test_several_locks),
		cmocka_unit_test(test_no_contention),
		cmocka_unit_test(test_saturated),
		cmocka_unit_test(test_what_is_booked_ahead),
		cmocka_unit_test(test_hand_over),
		cmocka_unit_test(test_nanoseconds_scale_instructions),
		cmocka_unit_test(test_fractional_visits),
		cmocka_unit_test(test_without_locks),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_spread_over_seeds),
		cmocka_unit_test(test_a_seed_repeats),
		cmocka_unit_test(test_times_too_far_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
