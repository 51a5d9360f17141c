// SPDX-License-Identifier: GPL-2.0-only
// LINK: lockstep/tally.c lockstep/spans.c
// The table of counts, and the stack of what is being timed.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lockstep/spans.h"
#include "lockstep/tally.h"

static int by_key(const void *a, const void *b)
{
	const struct tally_row *one = a, *other = b;

	return (one->key[0] > other->key[0]) - (one->key[0] < other->key[0]);
}

static void test_counts(void **state)
{
	struct tally tally;

	(void)state;
	assert_int_equal(tally_set_up(&tally, 1000), 0);
	for (int pass = 0; pass < 3; pass++)
		for (uint64_t i = 0; i < 1000; i++)
			tally_at(&tally, i << 6, ~i)[i % TALLY_COUNTS] += i + 1;
	assert_int_equal(tally.used, 1000);
	assert_int_equal(tally.dropped, 0);
	tally_sort(&tally, by_key);
	for (uint64_t i = 0; i < 1000; i++) {
		assert_int_equal(tally.rows[i].key[0], i << 6);
		assert_int_equal(tally.rows[i].key[1], ~i);
		assert_int_equal(tally.rows[i].count[i % TALLY_COUNTS],
				 3 * (i + 1));
	}
	tally_tear_down(&tally);
}

// Both words of a key tell, also where their bits are the same together.
static void test_keys(void **state)
{
	struct tally tally;

	(void)state;
	assert_int_equal(tally_set_up(&tally, 8), 0);
	tally_at(&tally, 0, 0)[0]++;
	tally_at(&tally, 1, 2)[0]++;
	tally_at(&tally, 2, 1)[0]++;
	tally_at(&tally, UINT64_MAX, UINT64_MAX)[0]++;
	assert_int_equal(tally.used, 4);
	tally_tear_down(&tally);
}

static void test_full(void **state)
{
	struct tally tally;

	(void)state;
	assert_int_equal(tally_set_up(&tally, 3), 0);
	for (uint64_t i = 0; i < 3; i++)
		tally_at(&tally, i, 0)[1] = 1;
	for (uint64_t i = 3; i < 10; i++)
		assert_null(tally_at(&tally, i, 0));
	assert_int_equal(tally.dropped, 7);
	// What is in it is counted on.
	tally_at(&tally, 2, 0)[1]++;
	assert_int_equal(tally_at(&tally, 2, 0)[1], 2);
	assert_int_equal(tally.used, 3);
	tally_tear_down(&tally);
	tally_tear_down(&tally);
}

static struct span span(uint64_t returns_to)
{
	return (struct span){.returns_to = returns_to, .site = ~returns_to};
}

static void test_spans(void **state)
{
	struct spans spans = {.depth = 0};

	(void)state;
	for (uint64_t i = 1; i <= 3; i++) {
		const struct span entered = span(i);

		spans_enter(&spans, &entered);
		assert_int_equal(spans.returns_to, i);
	}
	for (uint64_t i = 3; i >= 1; i--) {
		assert_int_equal(spans.returns_to, i);
		assert_int_equal(spans_leave(&spans).site, ~i);
	}
	assert_int_equal(spans.returns_to, 0);
	assert_int_equal(spans.depth, 0);
}

static void test_too_deep(void **state)
{
	struct spans spans = {.depth = 0};

	(void)state;
	for (uint64_t i = 1; i <= SPANS_DEEP + 2; i++) {
		const struct span entered = span(i);

		spans_enter(&spans, &entered);
	}
	assert_int_equal(spans.depth, SPANS_DEEP);
	for (uint64_t i = SPANS_DEEP + 2; i > 2; i--)
		assert_int_equal(spans_leave(&spans).returns_to, i);
	assert_int_equal(spans.depth, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),	 cmocka_unit_test(test_keys),
		cmocka_unit_test(test_full),	 cmocka_unit_test(test_spans),
		cmocka_unit_test(test_too_deep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
