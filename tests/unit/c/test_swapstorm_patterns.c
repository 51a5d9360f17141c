// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/swapstorm/pattern.c workloads/swapstorm/pattern_sequential.c
// LINK: workloads/swapstorm/pattern_strided.c
// LINK: workloads/swapstorm/pattern_random.c workloads/swapstorm/pattern_zipf.c
// LINK: workloads/swapstorm/pattern_hotcold.c workloads/swapstorm/pattern_mix.c
// LINK: workloads/swapstorm/pattern_readlater.c
// Which pages each pattern meets, how often, and in which order.
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "workloads/swapstorm/pattern.h"

#define MOST 4096

static const struct pattern_settings usual = {
	.stride = 16,
	.zipf_theta_micro = 990000,
	.hot_percent = 10,
	.hot_accesses = 90,
	.hot_shift = 25,
};

static uint64_t seen[MOST];
static uint64_t table[MOST];

// Count `accesses` by page; how many of them read.
static uint64_t count(struct walk *walk, uint64_t accesses)
{
	uint64_t reads = 0;

	memset(seen, 0, sizeof(seen));
	for (uint64_t i = 0; i < accesses; i++) {
		uint64_t access = walk_next(walk);

		assert_in_range(access & ACCESS_PAGE, 0, walk->pages - 1);
		reads += access >> 63;
		seen[access & ACCESS_PAGE]++;
	}
	return reads;
}

// No pattern leaves its region, however small it is.
static void test_small_regions(void **state)
{
	const struct pattern *pattern;

	(void)state;
	for (unsigned int i = 0; (pattern = pattern_at(i)); i++) {
		for (uint64_t pages = 1; pages < 40; pages++) {
			struct walk walk;

			walk_start(&walk, pattern, &usual, pages, 7, table);
			count(&walk, 5 * walk_pass(&walk));
		}
	}
}

static void test_same_seed_same_walk(void **state)
{
	const struct pattern *pattern;

	(void)state;
	for (unsigned int i = 0; (pattern = pattern_at(i)); i++) {
		struct walk a, b, other;
		unsigned int differ = 0;

		walk_start(&a, pattern, &usual, 1000, 7, table);
		walk_start(&b, pattern, &usual, 1000, 7, table);
		walk_start(&other, pattern, &usual, 1000, 8, table);
		for (int j = 0; j < 1000; j++) {
			uint64_t access = walk_next(&a);

			assert_true(access == walk_next(&b));
			differ += access != walk_next(&other);
		}
		if (pattern == &pattern_random || pattern == &pattern_zipf)
			assert_true(differ > 500);
	}
}

static void test_sequential(void **state)
{
	struct walk walk;

	(void)state;
	walk_start(&walk, &pattern_sequential, &usual, 100, 1, NULL);
	for (uint64_t i = 0; i < 250; i++)
		assert_int_equal(walk_next(&walk), i % 100);
}

// Each page once a pass: strides that divide, that do not, that are larger.
static void test_strided_meets_each_page_once(void **state)
{
	static const uint64_t strides[] = {1, 2, 7, 16, 999, 1000, 5000};

	(void)state;
	for (size_t i = 0; i < sizeof(strides) / sizeof(strides[0]); i++) {
		struct pattern_settings settings = usual;
		struct walk walk;

		settings.stride = strides[i];
		walk_start(&walk, &pattern_strided, &settings, 1000, 1, NULL);
		for (int pass = 0; pass < 3; pass++) {
			count(&walk, walk_pass(&walk));
			for (int page = 0; page < 1000; page++)
				assert_int_equal(seen[page], 1);
		}
	}
}

static void test_strided_order(void **state)
{
	static const uint64_t expected[] = {0, 4, 8, 1, 5, 9, 2, 6, 3, 7, 0};
	struct pattern_settings settings = usual;
	struct walk walk;

	(void)state;
	settings.stride = 4;
	walk_start(&walk, &pattern_strided, &settings, 10, 1, NULL);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++)
		assert_int_equal(walk_next(&walk), expected[i]);
}

// 400 of each page on average, sigma 20: six sigma.
static void test_random_is_even(void **state)
{
	struct walk walk;
	uint64_t fresh = 0;

	(void)state;
	walk_start(&walk, &pattern_random, &usual, 1000, 1, NULL);
	count(&walk, 400000);
	for (int page = 0; page < 1000; page++)
		assert_in_range(seen[page], 280, 520);
	walk_start(&walk, &pattern_random, &usual, MOST, 1, NULL);
	count(&walk, walk_pass(&walk));
	for (int page = 0; page < MOST; page++)
		fresh += seen[page] > 0;
	// 1 - 1/e of them: 2589, sigma some 20.
	assert_in_range(fresh, 2469, 2709);
}

// Frequencies of the ranks against 1 / k^theta over its sum.
static void check_zipf(double theta, uint64_t pages)
{
	const double accesses = 1000000;
	struct pattern_settings settings = usual;
	struct walk walk;
	double sum = 0;
	double chi = 0;

	settings.zipf_theta_micro = (uint64_t)lround(theta * PATTERN_MICRO);
	walk_start(&walk, &pattern_zipf, &settings, pages, 11, table);
	count(&walk, (uint64_t)accesses);
	for (uint64_t k = 0; k < pages; k++)
		sum += pow((double)k + 1, -theta);
	for (uint64_t k = 0; k < pages; k++) {
		double expected = accesses * pow((double)k + 1, -theta) / sum;
		// The page of rank k + 1; each page has one.
		double off =
			(double)seen[k * walk.zipf.step % pages] - expected;

		// Six sigma of a count, and one for those that are few.
		assert_true(fabs(off) <= 6 * sqrt(expected) + 1);
		chi += off * off / expected;
	}
	// Its mean is pages - 1, its sigma the root of twice that.
	assert_true(chi < (double)pages + 6 * sqrt(2 * (double)pages));
}

static void test_zipf_follows_theory(void **state)
{
	(void)state;
	check_zipf(0.000001, 1000);
	check_zipf(0.5, 1000);
	check_zipf(0.9, MOST);
	check_zipf(0.99, 1000);
	check_zipf(1.0, 777);
	check_zipf(1.2, 100);
	check_zipf(2.0, 20);
	check_zipf(10, 1000);
}

// Neighbours in rank are far from each other.
static void test_zipf_is_spread(void **state)
{
	struct walk walk;

	(void)state;
	walk_start(&walk, &pattern_zipf, &usual, MOST, 1, table);
	assert_in_range(walk.zipf.step, MOST / 3, 2 * MOST / 3);
	count(&walk, 100000);
	// The first tenth of the region has no more than its share.
	uint64_t first = 0;

	for (int page = 1; page <= MOST / 10; page++)
		first += seen[page];
	assert_in_range(first, 3000, 20000);
}

static void test_hotcold_shares(void **state)
{
	struct pattern_settings settings = usual;
	struct walk walk;
	uint64_t hot = 0;

	(void)state;
	settings.hot_shift = 0;
	walk_start(&walk, &pattern_hotcold, &settings, 1000, 1, NULL);
	count(&walk, 100000);
	for (int page = 0; page < 100; page++)
		hot += seen[page];
	// 90% and a tenth of the rest: 91000, sigma 90.
	assert_in_range(hot, 90450, 91550);
}

// In four passes the hot set has been everywhere once.
static void test_hotcold_moves(void **state)
{
	struct walk walk;
	uint64_t first_quarter = 0;

	(void)state;
	walk_start(&walk, &pattern_hotcold, &usual, 1000, 1, NULL);
	count(&walk, 1000);
	for (int page = 0; page < 350; page++)
		first_quarter += seen[page];
	assert_in_range(first_quarter, 900, 1000);
	count(&walk, 1000);
	first_quarter = 0;
	for (int page = 250; page < 600; page++)
		first_quarter += seen[page];
	assert_in_range(first_quarter, 900, 1000);
}

static void test_reads(void **state)
{
	struct pattern_settings settings = usual;
	struct walk walk;
	struct walk pure;

	(void)state;
	settings.read_percent = 30;
	walk_start(&walk, &pattern_mix, &settings, 1000, 1, NULL);
	assert_in_range(count(&walk, 100000), 29100, 30900);
	settings.read_percent = 100;
	walk_start(&walk, &pattern_sequential, &settings, 1000, 1, NULL);
	assert_int_equal(count(&walk, 10000), 10000);
	// Reads do not change which pages are met.
	settings.read_percent = 50;
	walk_start(&walk, &pattern_mix, &settings, 1000, 1, NULL);
	walk_start(&pure, &pattern_random, &usual, 1000, 1, NULL);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(walk_next(&walk) & ACCESS_PAGE,
				 walk_next(&pure));
}

static void test_readlater(void **state)
{
	struct walk walk;

	(void)state;
	walk_start(&walk, &pattern_readlater, &usual, 50, 1, NULL);
	assert_int_equal(walk_pass(&walk), 100);
	for (int pass = 0; pass < 2; pass++) {
		for (uint64_t i = 0; i < 50; i++)
			assert_true(walk_next(&walk) == i);
		for (uint64_t i = 0; i < 50; i++)
			assert_true(walk_next(&walk) == (i | ACCESS_READ));
	}
}

static void test_names(void **state)
{
	const struct pattern *pattern;
	unsigned int i;

	(void)state;
	for (i = 0; (pattern = pattern_at(i)); i++) {
		assert_ptr_equal(pattern_find(pattern->name), pattern);
		assert_ptr_equal(pattern_meant(pattern->name), pattern);
	}
	assert_int_equal(i, 7);
	assert_null(pattern_find("zip"));
	assert_string_equal(pattern_meant("hot-cold")->name, "hotcold");
	assert_string_equal(pattern_meant("read_later")->name, "readlater");
	assert_non_null(pattern_meant(""));
	assert_non_null(pattern_meant("a name that is longer than any pattern's"
				      " can be"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small_regions),
		cmocka_unit_test(test_same_seed_same_walk),
		cmocka_unit_test(test_sequential),
		cmocka_unit_test(test_strided_meets_each_page_once),
		cmocka_unit_test(test_strided_order),
		cmocka_unit_test(test_random_is_even),
		cmocka_unit_test(test_zipf_follows_theory),
		cmocka_unit_test(test_zipf_is_spread),
		cmocka_unit_test(test_hotcold_shares),
		cmocka_unit_test(test_hotcold_moves),
		cmocka_unit_test(test_reads),
		cmocka_unit_test(test_readlater),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
