// SPDX-License-Identifier: GPL-2.0-only
// LINK: model/error.c
/* The tree gives events by time, and the random numbers have their means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "model/error.h"
#include "model/events.h"
#include "model/exponential.h"

#define COUNT 77

static bool before(const struct event *a, const struct event *b)
{
	return a->time < b->time || (a->time == b->time && a->actor < b->actor);
}

/* Against a search through all, with times of which many are equal. */
static void test_order(void **state)
{
	uint64_t node[4 * COUNT];
	double times[COUNT];
	struct event all[COUNT];
	struct events events;
	struct random random;

	(void)state;
	events_init(&events, node, times, COUNT);
	random_seed(&random, 1, 0);
	for (uint32_t i = 0; i < COUNT; i++)
		all[i] = (struct event){INFINITY, i};
	for (int step = 0; step < 100 * COUNT; step++) {
		/* Any actor's time may be set, and one may fall asleep. */
		uint32_t id = random_below(&random, COUNT);
		double time = random_below(&random, 20);
		const struct event *first = &all[0];

		all[id].time = time < 1 ? INFINITY : time;
		events_set(&events, id, all[id].time);
		for (uint32_t i = 1; i < COUNT; i++)
			if (before(&all[i], first))
				first = &all[i];
		assert_true(events_next(&events).time == first->time);
		if (first->time < INFINITY)
			assert_int_equal(events_next(&events).actor,
					 first->actor);
	}
}

static void test_one_event(void **state)
{
	uint64_t node[4];
	double times[1];
	struct events events;

	(void)state;
	events_init(&events, node, times, 1);
	assert_true(events_next(&events).time == INFINITY);
	events_set(&events, 0, 9);
	assert_true(events_next(&events).time == 9);
}

static void test_random_means(void **state)
{
	const int n = 1000000;
	struct exponential table;
	struct random random;
	double unit = 0;
	double below = 0;
	double exponential = 0;
	double square = 0;
	int beyond[3] = {0};

	(void)state;
	random_seed(&random, 3, 1);
	exponential_init(&table);
	for (int i = 0; i < n; i++) {
		double one = 2 * exponential_draw(&table, &random);
		double u = random_unit(&random);
		uint32_t b = random_below(&random, 7);

		assert_true(u > 0 && u < 1 && one > 0 && b < 7);
		unit += u;
		below += b;
		exponential += one;
		square += one * one;
		for (int j = 0; j < 3; j++)
			beyond[j] += one > (double[]){0.1, 2, 14}[j];
	}
	/* Five standard errors of each mean. */
	assert_true(fabs(unit / n - 0.5) < 5 * 0.2887e-3);
	assert_true(fabs(below / n - 3) < 5 * 2e-3);
	assert_true(fabs(exponential / n - 2) < 5 * 2e-3);
	assert_true(fabs(square / n - 8) < 5 * 17.9e-3);
	/* Below the first layer's edge, in the middle, and near the tail. */
	for (int j = 0; j < 3; j++) {
		double p = exp(-(double[]){0.1, 2, 14}[j] / 2);

		assert_true(fabs((double)beyond[j] / n - p) <
			    5 * sqrt(p * (1 - p) / n));
	}
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
