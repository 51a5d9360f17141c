// SPDX-License-Identifier: GPL-2.0-only
// LINK: lockstep/sim.c lockstep/clocks.c lockstep/lines.c lockstep/spans.c
// LINK: lockstep/tally.c lockstep/machine.c
// Guests of a few events, whose simulated time can be computed beside them.
#include "tests/unit/c/lockstep_sim.h"

// Turns are a quantum long in the window alone.
static int measured(void **state)
{
	if (set_up(state))
		return -1;
	sim_mark(*state, 0, MARK_BEGIN);
	return 0;
}

// `cpus` vCPUs, in turn, each `times` a block that counts in a word of its
// own; the simulated time that takes.
static uint64_t count_words(struct sim *sim, unsigned int cpus,
			    unsigned int apart, unsigned int times)
{
	unsigned int left[MACHINE_CPUS], all = cpus * times;

	start(sim, cpus);
	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		left[cpu] = times;
	for (unsigned int cpu = 0; all; cpu = (cpu + 1) % cpus) {
		while (left[cpu] && sim_may_run(sim, cpu)) {
			sim_block(sim, cpu, &one_insn);
			sim_access(sim, cpu, DATA + cpu * apart, true, CODE);
			left[cpu]--;
			all--;
			if (!left[cpu])
				sim_halt(sim, cpu);
		}
	}
	uint64_t last = 0;

	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		if (now(sim, cpu) > last)
			last = now(sim, cpu);
	return last;
}

static void test_alone(void **state)
{
	assert_int_equal(count_words(*state, 1, 64, 1000), 1000 * INSN);
}

// Twice the work in the same time.
static void test_independent(void **state)
{
	assert_int_equal(count_words(*state, 2, 64, 1000), 1000 * INSN);
}

static void test_four_independent(void **state)
{
	assert_int_equal(count_words(*state, 4, 64, 1000), 1000 * INSN);
}

// Of the same line, each access but the first is from the other, one by one.
static void test_false_sharing(void **state)
{
	struct sim *sim = *state;

	assert_int_equal(count_words(sim, 2, 8, 1), INSN + NEAR);
	tear_down(state);
	measured(state);
	// The vCPU that had the line first is a transfer behind the other and
	// catches up with it in its cache: that is 40 counts of it.
	assert_in_range(count_words(sim, 2, 8, 1000), 2 * 960 * NEAR,
			2 * 1000 * (INSN + NEAR));
	assert_true(sim->vcpus[0].counters.stall_fs >=
		    sim->vcpus[0].counters.near * NEAR);
	assert_int_equal(sim->vcpus[0].counters.far, 0);
}

static void pass(struct sim *sim, unsigned int one, unsigned int other,
		 uint64_t costs)
{
	const unsigned int cpu[2] = {one, other};

	step(sim, one);
	sim_access(sim, one, DATA, true, CODE);
	step(sim, other);
	for (int i = 1; i < 100; i++) {
		const unsigned int to = cpu[i % 2];
		const uint64_t before = now(sim, cpu[!(i % 2)]);

		// Handed over: not before the other has done it.
		sim->clocks.of[to].now = before;
		sim_access(sim, to, DATA, true, CODE);
		assert_int_equal(now(sim, to) - before, costs);
	}
	// Who has it pays nothing.
	const uint64_t before = now(sim, other);

	sim_access(sim, other, DATA + 63, true, CODE);
	sim_access(sim, other, DATA, false, CODE);
	assert_int_equal(now(sim, other), before);
}

static void test_pass_near(void **state)
{
	const struct sim *sim = *state;

	pass(*state, 0, 1, NEAR);
	assert_int_equal(sim->vcpus[1].counters.near, 50);
	assert_int_equal(sim->vcpus[1].counters.stall_fs, 50 * NEAR);
}

static void test_pass_far(void **state)
{
	const struct sim *sim = *state;

	pass(*state, 1, 2, FAR);
	assert_int_equal(sim->vcpus[1].counters.far, 49);
	assert_int_equal(sim->vcpus[2].counters.stall_fs, 50 * FAR);
}

// N vCPUs at one queued lock: who has it holds it for HOLD instructions and
// writes the line of the next, who waits at it by PAUSE.  The next sees that at
// its own clock, which is a quantum earlier or later at most, and then pays for
// the line: a hold is HOLD instructions, a line and a quantum more or less.
static void queued(struct sim *sim, unsigned int cpus)
{
	enum { HOLD = 50, HOLDS = 1000, HOLD_FS = HOLD * INSN + NEAR };
	unsigned int holder = 0, left = HOLD, holds = 0;

	start(sim, cpus);
	for (unsigned int cpu = 0; holds < HOLDS; cpu = (cpu + 1) % cpus) {
		while (sim_may_run(sim, cpu)) {
			sim_access(sim, cpu, DATA + cpu * 64, false, CODE);
			if (cpu != holder) {
				sim_pause(sim, cpu, CODE);
				break;
			}
			sim_block(sim, cpu, &one_insn);
			if (--left)
				continue;
			left = HOLD;
			holds++;
			holder = (holder + 1) % cpus;
			sim_access(sim, cpu, DATA + holder * 64, true, CODE);
		}
	}
	// The first has its line already.
	assert_in_range(clocks_time(&sim->clocks) + NEAR,
			HOLDS * (HOLD_FS - QUANTUM),
			HOLDS * (HOLD_FS + QUANTUM));
}

static void test_queue_of_2(void **state)
{
	queued(*state, 2);
}

static void test_queue_of_4(void **state)
{
	struct sim *sim = *state;

	for (int cpu = 0; cpu < 4; cpu++)
		sim->machine.socket[cpu] = 0;
	lines_tear_down(&sim->lines);
	assert_int_equal(lines_set_up(&sim->lines, &sim->machine), 0);
	queued(sim, 4);
}

// Idle vCPUs, by HLT and by PAUSE, take nothing from one that works.
static void test_idle(void **state)
{
	struct sim *sim = *state;

	start(sim, 4);
	sim_halt(sim, 3);
	for (int i = 0; i < 10000; i++) {
		while (!sim_may_run(sim, 0)) {
			for (unsigned int cpu = 1; cpu < 3; cpu++) {
				assert_true(sim_may_run(sim, cpu));
				sim_pause(sim, cpu, CODE);
			}
		}
		sim_block(sim, 0, &one_insn);
	}
	assert_int_equal(now(sim, 0), 10000 * INSN);
	assert_int_equal(now(sim, 3), 0);
	assert_in_range(clocks_time(&sim->clocks), 10000 * INSN - QUANTUM,
			10000 * INSN);
	assert_int_equal(sim->clocks.lost, 0);
}

// As all do, a vCPU that starts or wakes has to wait for the slowest.
static void test_late_comers(void **state)
{
	struct sim *sim = *state;

	for (int i = 0; i < 1000; i++)
		step(sim, 0);
	step(sim, 1);
	assert_int_equal(now(sim, 1), 1000 * INSN + INSN);
	sim_halt(sim, 1);
	for (int i = 0; i < 1000; i++)
		step(sim, 0);
	step(sim, 1);
	assert_int_equal(now(sim, 1), 2000 * INSN + INSN);
	for (int i = 0; i < QUANTUM / INSN - 1; i++)
		step(sim, 1);
	assert_false(sim_may_run(sim, 1));
}

static void test_bulk(void **state)
{
	struct sim *sim = *state;
	// Two instructions of three are of the copying itself.
	const struct block copies = {CODE, 3, 1, false};

	assert_true(sim_may_run(sim, 0));
	sim_block(sim, 0, &copies);
	for (int i = 0; i < 512; i++)
		sim_bulk(sim, 0, 8);
	assert_int_equal(now(sim, 0), INSN + 4096 * BYTE);
	assert_int_equal(sim->vcpus[0].counters.bulk_bytes, 4096);
	assert_int_equal(sim->vcpus[0].counters.bulk_fs, 4096 * BYTE);
	assert_int_equal(sim->vcpus[0].counters.insns, 3);
}

#define MEASURED(name) \
	cmocka_unit_test_setup_teardown(name, measured, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		MEASURED(test_alone),
		MEASURED(test_independent),
		MEASURED(test_four_independent),
		MEASURED(test_false_sharing),
		MEASURED(test_pass_near),
		MEASURED(test_pass_far),
		MEASURED(test_queue_of_2),
		MEASURED(test_queue_of_4),
		MEASURED(test_idle),
		MEASURED(test_late_comers),
		MEASURED(test_bulk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
