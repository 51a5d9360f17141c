// SPDX-License-Identifier: GPL-2.0-only
// LINK: model/actor.c model/simulate.c model/scenario.c
// LINK: model/project.c model/error.c
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

static struct lock lock_of(const char *name, double acquisitions, double hold,
			   enum service service, uint32_t instances)
{
	struct lock lock = {.acquisitions = EXACTLY(acquisitions),
			    .hold = EXACTLY(hold),
			    .data = EXACTLY(1),
			    .service = service,
			    .instances = instances};

	memcpy(lock.name, name, strlen(name) + 1);
	return lock;
}

static struct scenario one_lock(double work, double hold, enum service service)
{
	struct scenario s = {
		.machine = {.ns_per_instruction = EXACTLY(1), .sockets = 1},
		.reclaim = EXACTLY(work),
		.reclaim_service = service,
		.lock_count = 1,
		.pages = 80000,
		.warmup = 8000,
		.seeds = 6,
		.seed = 1,
	};

	s.locks[0] = lock_of("lock", 1, hold, service, 1);
	return s;
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
	s.locks[0].acquisitions.value = 2;
	s.locks[1] = lock_of("b", 4, 250, EXPONENTIAL, 1);
	s.locks[2] = lock_of("c", 1, 180, EXPONENTIAL, 1);
	s.locks[3] = lock_of("d", 3, 320, EXPONENTIAL, 4);
	for (uint32_t n = 1; n <= 16; n *= 4) {
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
	s.pages = 4;
	run = run_one(&s, 4, 1);
	near(run.simulated_s, 1.001e-6, 1e-3);
	near(run.pages_per_s * run.simulated_s, 1, 1e-9);
	near(run.locks[0].utilisation, 1, 1e-9);
	near(run.locks[0].waiting, 0.75, 2e-3);
	near(run.locks[0].holding, 0.25, 1e-3);
}

/* M/M/1: what a thousand workers send in at a tenth each is nearly Poisson. */
static void test_open_queue(void **state)
{
	const double hold = 1000;
	const double busy = 0.8;
	const uint32_t n = 1000;
	struct scenario s = one_lock(n * hold / busy, hold, EXPONENTIAL);
	const struct lock_share *share;
	const struct projection *p;
	double rate;

	(void)state;
	s.pages = 800000;
	s.warmup = 80000;
	p = run_all(&s, n);
	share = &p->points[0].locks[0];
	rate = p->points[0].pages_per_s.mean / 1e9;
	near(share->utilisation, busy, 0.01);
	/* Time at the lock 1 / (mu - lambda), of which 1 / mu is service. */
	near((share->waiting + share->holding) * n / rate,
	     1 / (1 / hold - rate), 0.03);
	near(share->holding * n / rate, hold, 0.01);
}

/* M/D/1 waits half as long (Pollaczek and Khinchine). */
static void test_deterministic_service(void **state)
{
	const double hold = 1000;
	const uint32_t n = 1000;
	struct scenario s = one_lock(n * hold / 0.8, hold, EXPONENTIAL);
	const struct projection *p;
	double rate;

	(void)state;
	s.locks[0].service = DETERMINISTIC;
	s.pages = 800000;
	s.warmup = 80000;
	p = run_all(&s, n);
	rate = p->points[0].pages_per_s.mean / 1e9;
	near(p->points[0].locks[0].waiting * n / rate,
	     rate * hold * hold / (2 * (1 - rate * hold)), 0.03);
}

static void test_lines_between_caches(void **state)
{
	struct scenario s = one_lock(9000, 1000, DETERMINISTIC);
	struct run run;

	(void)state;
	s.machine.near.value = 50;
	s.machine.far.value = 200;
	s.machine.lines.value = 3;
	/* One worker has all in its own cache. */
	near(run_one(&s, 1, 1).pages_per_s, 1e5, 1e-4);
	/* On one socket, lock and 3 lines come from another core. */
	run = run_one(&s, 32, 1);
	near(run.pages_per_s, 1e9 / 1200, 1e-4);
	near(run.locks[0].utilisation, 1, 1e-9);
	near(run.locks[0].holding, 1150.0 / 1200 / 32, 1e-4);
	/* Two that do not wait pay the same. */
	near(run_one(&s, 2, 1).pages_per_s, 2e9 / 10200, 1e-4);
	/* Dealt out over two sockets, in turn: first come, first served. */
	s.machine.sockets = 2;
	near(run_one(&s, 2, 1).pages_per_s, 2e9 / 10800, 1e-4);
	/* A lock that protects twice as much. */
	s.locks[0].data.value = 2;
	near(run_one(&s, 2, 1).pages_per_s, 2e9 / 11400, 1e-4);
}

/* Who waits for a mutex sleeps, and the lock stands still until he runs. */
static void test_mutex(void **state)
{
	struct scenario s = one_lock(9000, 1000, DETERMINISTIC);

	(void)state;
	s.locks[0].kind = MUTEX;
	s.machine.wake.value = 4000;
	near(run_one(&s, 1, 1).pages_per_s, 1e5, 1e-4);
	near(run_one(&s, 16, 1).pages_per_s, 1e9 / 5000, 1e-4);
}

/* Readers share; only the line that counts them goes from one to the next. */
static void test_rwsem(void **state)
{
	struct scenario s = one_lock(9000, 1000, DETERMINISTIC);

	(void)state;
	s.locks[0].kind = RWSEM;
	s.locks[0].read_share = 1;
	near(run_one(&s, 32, 1).pages_per_s, 32e9 / 10000, 1e-3);
	s.machine.near.value = 500;
	near(run_one(&s, 32, 1).pages_per_s, 1e9 / 500, 1e-3);
	s.machine.near.value = 0;
	s.locks[0].read_share = 0;
	near(run_one(&s, 32, 1).pages_per_s, 1e9 / 1000, 1e-4);
}

static void test_device(void **state)
{
	struct scenario s = one_lock(9000, 1000, DETERMINISTIC);
	struct run run;

	(void)state;
	s.locks[0].kind = DEVICE;
	s.locks[0].instances = 2;
	s.machine.near.value = 500;
	s.machine.ns_per_instruction.value = 2;
	/* Its time is its own, whoever asks: 18000 ns of work, 1000 of it. */
	near(run_one(&s, 1, 1).pages_per_s, 1e9 / 19000, 1e-4);
	run = run_one(&s, 128, 1);
	near(run.pages_per_s, 2e9 / 1000, 0.01);
}

/* Four threads on two cores take twice as long. */
static void test_cores(void **state)
{
	struct scenario s = one_lock(10000, 0, DETERMINISTIC);

	(void)state;
	s.machine.cores = 2;
	near(run_one(&s, 2, 1).pages_per_s, 2e9 / 10000, 1e-3);
	near(run_one(&s, 4, 1).pages_per_s, 2e9 / 10000, 1e-3);
	s.machine.sockets = 2;
	near(run_one(&s, 4, 1).pages_per_s, 4e9 / 10000, 1e-3);
}

static struct scenario with_kswapd(double fault, double reclaim)
{
	struct scenario s = one_lock(reclaim, 0, DETERMINISTIC);

	s.lock_count = 0;
	s.fault = (struct figure)EXACTLY(fault);
	s.fault_service = DETERMINISTIC;
	s.pool = (struct pool){.kswapds = 1,
			       .min = 1000,
			       .low = 1250,
			       .high = 1500,
			       .batch = 32};
	s.pages = 200000;
	s.warmup = 20000;
	return s;
}

/* kswapd keeps up: the worker only faults, and never reclaims itself. */
static void test_kswapd_works_ahead(void **state)
{
	struct scenario s = with_kswapd(9000, 1000);
	struct run run = run_one(&s, 1, 1);

	(void)state;
	near(run.pages_per_s, 1e9 / 9000, 2e-3);
	assert_true(run.direct == 0);
}

/*
 * kswapd falls behind: every thread is busy all the time, so n workers and it
 * do (n + 1) / (fault + reclaim) pages, and it 1 / reclaim of them.
 */
static void test_direct_reclaim(void **state)
{
	(void)state;
	for (uint32_t n = 1; n <= 16; n *= 4) {
		struct scenario s = with_kswapd(3000, 7000);
		struct run run = run_one(&s, n, 1);
		double rate = (n + 1) * 1e9 / 10000;

		near(run.pages_per_s, rate, 2e-3);
		near(1 - run.direct, 1e9 / 7000 / rate, 1e-2);
	}
}

/* Locks of a fault are visited by faults: half of the time is in each. */
static void test_sides(void **state)
{
	struct scenario s = with_kswapd(4000, 4000);
	struct run run;

	(void)state;
	s.lock_count = 2;
	s.locks[0] = lock_of("fault", 2, 500, DETERMINISTIC, 1);
	s.locks[0].side = FAULT;
	s.locks[1] = lock_of("reclaim", 0.5, 2000, DETERMINISTIC, 1);
	run = run_one(&s, 1, 1);
	/* 5000 ns to fault, 5000 to reclaim: kswapd just keeps up. */
	near(run.pages_per_s, 1e9 / 5000, 0.02);
	near(run.locks[0].holding, 1000.0 / 5000 / 2, 0.03);
	near(run.locks[1].holding, 1000.0 / 5000 / 2, 0.03);
}

static void test_ranges(void **state)
{
	struct scenario s = one_lock(9000, 1000, DETERMINISTIC);
	const struct projection *p;
	struct scenario drawn;
	double low;

	(void)state;
	s.pages = 2000;
	s.seeds = 40;
	assert_false(run_all(&s, 2)->ranges);
	s.reclaim.low = 4000;
	s.reclaim.high = 14000;
	p = run_all(&s, 1);
	assert_true(p->ranges);
	near(p->points[0].pages_per_s.mean, 1e5, 1e-3);
	low = p->points[0].pages_per_s.low;
	assert_true(low > 0.99e9 / 15000 && low < 1e9 / 13500);
	assert_true(p->points[0].pages_per_s.high < 1.01e9 / 5000);
	assert_true(p->points[0].pages_per_s.high > 1e9 / 6500);
	/* What another figure's range is does not move this one's draw. */
	scenario_draw(&s, 7, &drawn);
	low = drawn.reclaim.value;
	s.machine.near.high = 100;
	assert_true(scenario_draw(&s, 7, &drawn));
	assert_true(drawn.reclaim.value == low);
	scenario_draw(&s, 8, &drawn);
	assert_true(drawn.reclaim.value != low);
}

static void test_nanoseconds_scale_instructions(void **state)
{
	struct scenario s = one_lock(9000, 1000, EXPONENTIAL);
	double slow = run_one(&s, 8, 3).pages_per_s;

	(void)state;
	s.machine.ns_per_instruction.value = 0.25;
	near(run_one(&s, 8, 3).pages_per_s, 4 * slow, 1e-9);
}

/* 2.25 visits a page are 2, 2, 2, 3; 0.067 are one in fifteen. */
static void test_fractional_visits(void **state)
{
	struct scenario s = one_lock(9000, 400, DETERMINISTIC);
	struct run run;

	(void)state;
	s.locks[0].acquisitions.value = 2.25;
	run = run_one(&s, 1, 1);
	assert_in_range(run.visits, 197998, 198002); /* of 88000 pages */
	near(run.pages_per_s, 1e9 / (9000 + 2.25 * 400), 1e-4);

	s.locks[0].acquisitions.value = 0.067;
	run = run_one(&s, 1, 1);
	assert_in_range(run.visits, 5895, 5897);
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
	s.locks[0].acquisitions.value = 2;		   /* demand 600 */
	s.locks[1] = lock_of("b", 8, 400, EXPONENTIAL, 4); /* 800 */
	s.pages = 20000;
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
	s.pages = 400;
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
	s.machine.ns_per_instruction.value = 1e6;
	s.reclaim.value = 1e-3 * 1e-6;
	s.locks[0].acquisitions.value = 1e-3;
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
		cmocka_unit_test(test_open_queue),
		cmocka_unit_test(test_deterministic_service),
		cmocka_unit_test(test_lines_between_caches),
		cmocka_unit_test(test_mutex),
		cmocka_unit_test(test_rwsem),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_cores),
		cmocka_unit_test(test_kswapd_works_ahead),
		cmocka_unit_test(test_direct_reclaim),
		cmocka_unit_test(test_sides),
		cmocka_unit_test(test_ranges),
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
