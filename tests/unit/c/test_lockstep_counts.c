// SPDX-License-Identifier: GPL-2.0-only
// LINK: lockstep/sim.c lockstep/clocks.c lockstep/lines.c lockstep/spans.c
// LINK: lockstep/tally.c lockstep/machine.c
// What is counted, for whom, and when.
#include "tests/unit/c/lockstep_sim.h"

// The caller answers for what a leaf does, also where that calls another.
static void test_leaf(void **state)
{
	struct sim *sim = *state;
	const uint64_t callers[] = {CODE + 0x20, CODE + 0x40};
	const uint64_t *row;

	sim_mark(sim, 0, MARK_BEGIN);
	for (unsigned int cpu = 0; cpu < 2; cpu++) {
		step(sim, cpu);
		sim_entry(sim, cpu, LEAF, callers[cpu], 0);
		sim_entry(sim, cpu, SLOW, LEAF + 4, DATA);
		sim_access(sim, cpu, DATA, true, (LEAF + 8) & ~LEAF_BIT);
	}
	row = tally_at(&sim->transfers, DATA,
		       (uint64_t)(uint32_t)callers[0] << 32 |
			       (uint32_t)callers[1]);
	assert_int_equal(row[2], 1);
	assert_int_equal(sim->transfers.used, 1);
}

static void test_spans(void **state)
{
	struct sim *sim = *state;
	const struct block back = {CODE + 0x20, 1, 1, false},
			   from_irq = {CODE + 0x60, 1, 1, true};
	const uint64_t *row;

	sim_mark(sim, 0, MARK_BEGIN);
	step(sim, 0);
	sim_entry(sim, 0, SLOW, back.address, DATA);
	step(sim, 0);
	// An interrupt while it waits; a block at 0 is none of its ends.
	sim_entry(sim, 0, IRQ, from_irq.address, 0);
	for (int i = 0; i < 3; i++)
		step(sim, 0);
	sim_block(sim, 0, &from_irq);
	sim_block(sim, 0, &back);
	row = tally_at(&sim->waits, back.address, DATA);
	assert_int_equal(row[0], 1);
	assert_int_equal(row[1], 5 * INSN);
	assert_int_equal(sim->vcpus[0].counters.irqs, 1);
	assert_int_equal(sim->vcpus[0].counters.irq_fs, 3 * INSN);
	assert_int_equal(sim->vcpus[0].counters.irq_insns, 3);
	assert_int_equal(sim->vcpus[0].counters.user_insns, 1);

	const struct block zero = {0, 1, 1, true};

	sim_block(sim, 0, &zero);
	assert_int_equal(sim->vcpus[0].spans.depth, 0);
}

// The first window counts, whatever is marked after it.
static void test_window(void **state)
{
	struct sim *sim = *state;
	const struct window *window = &sim->window;

	step(sim, 0);
	sim_access(sim, 0, DATA, true, CODE);
	step(sim, 1);
	sim_access(sim, 1, DATA, true, CODE);
	assert_int_equal(sim->transfers.used, 0);
	sim_mark(sim, 0, MARK_END);
	assert_int_equal(window->state, WINDOW_BEFORE);
	sim_mark(sim, 0, MARK_BEGIN);
	const uint64_t began = window->begin_fs;

	sim_halt(sim, 1);
	step(sim, 0);
	sim_access(sim, 0, DATA, true, CODE);
	sim_mark(sim, 0, MARK_BEGIN);
	assert_int_equal(window->begin_fs, began);
	sim_mark(sim, 0, MARK_END);
	assert_int_equal(window->state, WINDOW_CLOSED);
	assert_int_equal(window->end[0].insns - window->begin[0].insns, 1);
	assert_int_equal(window->end[0].near - window->begin[0].near, 1);
	// The line was on its way to vCPU 1 until then.
	assert_int_equal(window->end_fs - began, INSN + 2 * NEAR);
	assert_int_equal(sim->transfers.used, 1);
	const uint64_t ended = window->end_fs;

	sim_access(sim, 2, DATA, true, CODE);
	sim_mark(sim, 0, MARK_BEGIN);
	sim_mark(sim, 0, MARK_END);
	sim_mark(sim, 0, 200);
	assert_int_equal(window->end_fs, ended);
	assert_int_equal(window->begun, 3);
	assert_int_equal(window->ended, 3);
	assert_int_equal(sim->transfers.used, 1);
}

static bool confused(const unsigned int *order, int count)
{
	void *state;

	set_up(&state);
	struct sim *sim = state;

	for (int i = 0; i < count; i++)
		sim_mark(sim, order[i], MARK_CPU);
	assert_int_equal(sim->told, count);
	tear_down(&state);
	return sim->confused;
}

static void test_told_apart(void **state)
{
	(void)state;
	assert_false(confused((unsigned int[]){0, 1, 2, 3}, 4));
	assert_true(confused((unsigned int[]){0, 0, 0, 0}, 4));
	assert_true(confused((unsigned int[]){0, 2, 1, 3}, 4));
	assert_true(confused((unsigned int[]){1}, 1));
	assert_true(confused((unsigned int[]){0, 1, 2, 3, 0}, 5));
}

static void test_full(void **state)
{
	struct sim *sim = *state;

	sim_mark(sim, 0, MARK_BEGIN);
	for (unsigned int cpu = 0; cpu < 2; cpu++)
		for (unsigned int i = 0; i < 150; i++)
			sim_access(sim, cpu, DATA + i * 64, true, CODE);
	assert_int_equal(sim->transfers.used, 100);
	assert_int_equal(sim->transfers.dropped, 50);
	// Their time is counted all the same.
	assert_int_equal(sim->vcpus[1].counters.near, 150);
	assert_int_equal(now(sim, 1), 150 * NEAR);
}

static void test_outside(void **state)
{
	struct sim *sim = *state;

	sim_access(sim, 0, DATA + (1 << 20), true, CODE);
	sim_access(sim, 1, 0x1000, false, CODE);
	assert_int_equal(sim->lines.outside, 2);
	assert_int_equal(now(sim, 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_leaf),   TEST(test_spans),
		TEST(test_window), cmocka_unit_test(test_told_apart),
		TEST(test_full),   TEST(test_outside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
