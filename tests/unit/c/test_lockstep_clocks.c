// SPDX-License-Identifier: GPL-2.0-only
// LINK: lockstep/clocks.c
// Whose turn it is, and how far one vCPU may be ahead of the others.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lockstep/clocks.h"

enum { QUANTUM = 100, CPUS = 5 };

static struct clocks clocks_of(unsigned int cpus, uint64_t seed)
{
	const struct machine machine = {
		.cpus = cpus, .quantum_fs = QUANTUM, .skew_seed = seed};
	struct clocks clocks;

	clocks_set_up(&clocks, &machine);
	return clocks;
}

static void test_alone(void **state)
{
	struct clocks clocks = clocks_of(1, 0);

	(void)state;
	assert_int_equal(clocks_time(&clocks), 0);
	for (int i = 0; i < 1000; i++) {
		assert_true(clocks_turn(&clocks, 0));
		clocks.of[0].now += 7;
	}
	assert_int_equal(clocks_time(&clocks), 7000);
}

static void test_a_quantum_ahead(void **state)
{
	struct clocks clocks = clocks_of(2, 0);

	(void)state;
	assert_true(clocks_turn(&clocks, 0));
	assert_true(clocks_turn(&clocks, 1));
	clocks.of[0].now = QUANTUM - 1;
	assert_true(clocks_turn(&clocks, 0));
	clocks.of[0].now = QUANTUM;
	assert_false(clocks_turn(&clocks, 0));
	assert_int_equal(clocks_time(&clocks), 0);
	// By as much as the other goes on.
	clocks.of[1].now = 1;
	assert_true(clocks_turn(&clocks, 0));
	clocks.of[0].now = QUANTUM + 1;
	assert_false(clocks_turn(&clocks, 0));
	assert_int_equal(clocks_time(&clocks), 1);
}

static void test_pause(void **state)
{
	struct clocks clocks = clocks_of(2, 0);

	(void)state;
	clocks_turn(&clocks, 0);
	clocks_turn(&clocks, 1);
	clocks.of[0].now = 30;
	assert_int_equal(clocks_pause(&clocks, 0), QUANTUM - 30);
	assert_int_equal(clocks.of[0].now, QUANTUM);
	assert_int_equal(clocks_pause(&clocks, 0), 0);
	assert_false(clocks_turn(&clocks, 0));
	// Where all wait, time goes on.
	assert_int_equal(clocks_pause(&clocks, 1), QUANTUM);
	assert_true(clocks_turn(&clocks, 0));
	assert_int_equal(clocks_time(&clocks), QUANTUM);
}

// Who sleeps holds nobody up, and wakes in the others' present.
static void test_another_quantum(void **state)
{
	struct clocks clocks = clocks_of(2, 0);

	(void)state;
	assert_true(clocks_turn(&clocks, 0));
	assert_true(clocks_turn(&clocks, 1));
	clocks_quantum(&clocks, 10 * QUANTUM);
	clocks.of[0].now = QUANTUM;
	assert_true(clocks_turn(&clocks, 0));
	clocks.of[0].now = 10 * QUANTUM;
	assert_false(clocks_turn(&clocks, 0));
	// And shorter: who is ahead by more waits, however far it might go.
	clocks.of[1].now = QUANTUM;
	clocks_quantum(&clocks, QUANTUM);
	clocks.of[0].now = 2 * QUANTUM;
	assert_false(clocks_turn(&clocks, 0));
	assert_true(clocks_turn(&clocks, 1));
}

static void test_halt(void **state)
{
	struct clocks clocks = clocks_of(2, 0);

	(void)state;
	clocks_turn(&clocks, 0);
	clocks_turn(&clocks, 1);
	clocks.of[1].now = 10;
	clocks_halt(&clocks, 1);
	for (int i = 0; i < 100; i++) {
		clocks.of[0].now += QUANTUM;
		assert_true(clocks_turn(&clocks, 0));
	}
	assert_int_equal(clocks_time(&clocks), 100 * QUANTUM);
	assert_true(clocks_turn(&clocks, 1));
	assert_int_equal(clocks.of[1].now, 100 * QUANTUM);
	// One that is ahead keeps its time.
	clocks.of[1].now += 5;
	clocks_halt(&clocks, 1);
	assert_true(clocks_turn(&clocks, 1));
	assert_int_equal(clocks.of[1].now, 100 * QUANTUM + 5);
}

static void test_all_halt(void **state)
{
	struct clocks clocks = clocks_of(2, 0);

	(void)state;
	clocks_turn(&clocks, 0);
	clocks.of[0].now = 10 * QUANTUM;
	clocks_turn(&clocks, 0);
	clocks_halt(&clocks, 0);
	const uint64_t time = clocks_time(&clocks);

	assert_int_equal(time, 10 * QUANTUM);
	assert_true(clocks_turn(&clocks, 1));
	assert_int_equal(clocks.of[1].now, time);
}

// Nobody may wait for ever for a vCPU that stopped without a HLT; it is
// counted, and welcome when it comes back.
static void test_lost(void **state)
{
	struct clocks clocks = clocks_of(3, 0);
	int refused = 0;

	(void)state;
	for (unsigned int cpu = 0; cpu < 3; cpu++)
		clocks_turn(&clocks, cpu);
	clocks.of[0].now = clocks.of[1].now = QUANTUM;
	while (!clocks_turn(&clocks, refused % 2) && refused < 1000)
		refused++;
	// Not before each could have had its turn twice.
	assert_in_range(refused, 2 * 3, 999);
	assert_int_equal(clocks.lost, 1);
	assert_false(clocks.of[2].running);
	assert_true(clocks_turn(&clocks, 2));
	assert_int_equal(clocks.of[2].now, QUANTUM);
}

static uint64_t starts(struct clocks *clocks)
{
	uint64_t sum = 0;

	for (unsigned int cpu = 0; cpu < clocks->cpus; cpu++) {
		clocks_turn(clocks, cpu);
		assert_in_range(clocks->of[cpu].now, 0, 2 * QUANTUM - 1);
		sum = 1000 * sum + clocks->of[cpu].now;
	}
	return sum;
}

static void test_seeds(void **state)
{
	struct clocks none = clocks_of(CPUS, 0), one = clocks_of(CPUS, 1),
		      again = clocks_of(CPUS, 1), two = clocks_of(CPUS, 2);

	(void)state;
	assert_int_equal(starts(&none), 0);
	const uint64_t of_one = starts(&one);

	assert_int_equal(of_one, starts(&again));
	assert_int_not_equal(of_one, starts(&two));
	assert_int_not_equal(of_one, 0);
}

// Whatever they do, none is a quantum and a block ahead, and time never goes
// back.
static void test_bound(void **state)
{
	struct clocks clocks = clocks_of(CPUS, 7);
	uint64_t seed = 1, time = 0, ran = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		seed = seed * UINT64_C(6364136223846793005) +
		       1442695040888963407;
		const unsigned int cpu = (seed >> 33) % CPUS;
		const unsigned int what = (seed >> 40) % 16;

		if (!clocks_turn(&clocks, cpu))
			continue;
		ran++;
		if (what == 0)
			clocks_halt(&clocks, cpu);
		else if (what < 4)
			clocks_pause(&clocks, cpu);
		else
			clocks.of[cpu].now += what;
		const uint64_t now = clocks_time(&clocks);

		assert_true(now >= time);
		time = now;
		for (unsigned int j = 0; j < CPUS; j++)
			if (clocks.of[j].running)
				assert_in_range(clocks.of[j].now, now,
						now + QUANTUM + 16);
	}
	assert_in_range(ran, 10000, 100000);
	assert_in_range(time, 10 * QUANTUM, UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_a_quantum_ahead),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_another_quantum),
		cmocka_unit_test(test_halt),
		cmocka_unit_test(test_all_halt),
		cmocka_unit_test(test_lost),
		cmocka_unit_test(test_seeds),
		cmocka_unit_test(test_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
