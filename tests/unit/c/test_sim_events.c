// SPDX-License-Identifier: GPL-2.0-only
// LINK: model/error.c
/* The heap gives events by time, and the random numbers have their means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/error.h"
#include "model/events.h"
#include "model/random.h"

#define COUNT 77

static void test_order(void **state)
{
	struct event heap[COUNT];
	struct events events = {heap, COUNT};
	struct event last = {-1, 0};
	struct random random;

	(void)state;
	random_seed(&random, 1, 0);
	/* Few different times, so that many are equal. */
	for (uint32_t i = 0; i < COUNT; i++)
		heap[i] = (struct event){random_below(&random, 20), i};
	events_order(&events);
	for (int i = 0; i < COUNT; i++) {
		assert_true(event_before(&last, &heap[0]));
		last = heap[0];
		events_replace(&events, 1000 + random_below(&random, 20));
	}
	for (int i = 0; i < 10 * COUNT; i++) {
		struct event now = heap[0];

		assert_true(event_before(&last, &now));
		last = now;
		events_replace(&events,
			       now.time + 1 + random_below(&random, 50));
	}
}

static void test_one_event(void **state)
{
	struct event heap[1] = {{5, 0}};
	struct events events = {heap, 1};

	(void)state;
	events_order(&events);
	events_replace(&events, 9);
	assert_true(heap[0].time == 9);
}

static void test_random_means(void **state)
{
	const int n = 1000000;
	struct random random;
	double unit = 0;
	double below = 0;
	double exponential = 0;
	double square = 0;

	(void)state;
	random_seed(&random, 3, 1);
	for (int i = 0; i < n; i++) {
		double one = random_exponential(&random, 2);
		double u = random_unit(&random);
		uint32_t b = random_below(&random, 7);

		assert_true(u > 0 && u < 1 && one > 0 && b < 7);
		unit += u;
		below += b;
		exponential += one;
		square += one * one;
	}
	/* Five standard errors of each mean. */
	assert_true(fabs(unit / n - 0.5) < 5 * 0.2887e-3);
	assert_true(fabs(below / n - 3) < 5 * 2e-3);
	assert_true(fabs(exponential / n - 2) < 5 * 2e-3);
	assert_true(fabs(square / n - 8) < 5 * 17.9e-3);
}

static void test_streams_differ(void **state)
{
	struct random a;
	struct random b;
	struct random c;
	uint64_t first;

	(void)state;
	random_seed(&a, 1, 1);
	random_seed(&b, 1, 2);
	random_seed(&c, 2, 1);
	first = random_bits(&a);
	assert_true(first != random_bits(&b));
	assert_true(first != random_bits(&c));
	random_seed(&a, 1, 1);
	assert_true(first == random_bits(&a));
}

static void test_words_for_a_terminal(void **state)
{
	char shown[ERROR_WORD];
	char word[200];

	(void)state;
	assert_string_equal(error_word(shown, "a\tb\x80'"), "a\\x09b\\x80'");
	for (size_t length = 0; length < sizeof(word); length++) {
		memset(word, length % 2 ? '\1' : 'x', length);
		word[length] = '\0';
		assert_true(strlen(error_word(shown, word)) < ERROR_WORD);
	}
	assert_string_equal(shown + strlen(shown) - 3, "...");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_one_event),
		cmocka_unit_test(test_random_means),
		cmocka_unit_test(test_streams_differ),
		cmocka_unit_test(test_words_for_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
