// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/swapstorm/phases.c
// Phases from made-up readings.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "workloads/swapstorm/phases.h"

static struct reading at(uint64_t t_ns, uint64_t pswpout)
{
	return (struct reading){t_ns, pswpout, 0};
}

static unsigned int step(struct phases *phases, uint64_t t_ns, uint64_t pswpout,
			 bool first_done, bool all_done)
{
	struct reading reading = at(t_ns, pswpout);

	return phases_step(phases, &reading, first_done, all_done);
}

static struct phases begin(uint64_t pswpout)
{
	struct phases phases;
	struct reading reading = at(100, pswpout);

	phases_start(&phases, &reading, 0);
	return phases;
}

static void test_whole_course(void **state)
{
	struct phases p = begin(1000);

	(void)state;
	assert_int_equal(step(&p, 120, 1000, false, false), 0);
	assert_int_equal(p.now, PHASE_FILL);
	assert_int_equal(step(&p, 140, 1007, false, false), PHASE_STEADY_BEGAN);
	assert_int_equal(p.now, PHASE_STEADY);
	assert_int_equal(step(&p, 160, 2000, false, false), 0);
	assert_int_equal(step(&p, 180, 3000, true, false), PHASE_STEADY_ENDED);
	assert_int_equal(p.now, PHASE_TEARDOWN);
	assert_int_equal(step(&p, 200, 3300, true, false), 0);
	assert_int_equal(step(&p, 220, 3500, true, true), 0);
	assert_int_equal(p.now, PHASE_WRITTEN);

	assert_true(p.has_steady);
	assert_int_equal(p.fill.begin.t_ns, 100);
	assert_int_equal(p.fill.begin.pswpout, 1000);
	assert_int_equal(p.fill.end.t_ns, 140);
	assert_int_equal(p.fill.end.pswpout, 1007);
	assert_int_equal(p.steady.begin.t_ns, 140);
	assert_int_equal(p.steady.begin.pswpout, 1007);
	assert_int_equal(p.steady.end.t_ns, 180);
	assert_int_equal(p.steady.end.pswpout, 3000);
	assert_int_equal(p.teardown.begin.t_ns, 180);
	assert_int_equal(p.teardown.end.t_ns, 220);
	assert_int_equal(p.teardown.end.pswpout, 3500);
	assert_string_equal(phases_outcome(&p), "ok");
}

// With one thread the first to finish is the last.
static void test_all_done_ends_two_phases_at_once(void **state)
{
	struct phases p = begin(0);

	(void)state;
	step(&p, 120, 5, false, false);
	assert_int_equal(step(&p, 140, 9, true, true), PHASE_STEADY_ENDED);
	assert_int_equal(p.now, PHASE_WRITTEN);
	assert_int_equal(p.steady.end.t_ns, 140);
	assert_int_equal(p.teardown.begin.t_ns, 140);
	assert_int_equal(p.teardown.end.t_ns, 140);
	assert_int_equal(p.teardown.end.pswpout, 9);
}

static void test_ram_never_full(void **state)
{
	struct phases p = begin(7);

	(void)state;
	assert_int_equal(step(&p, 120, 7, false, false), 0);
	assert_int_equal(step(&p, 140, 7, true, false), 0);
	assert_int_equal(step(&p, 160, 7, true, true), 0);
	assert_int_equal(p.now, PHASE_WRITTEN);
	assert_false(p.has_steady);
	assert_int_equal(p.fill.end.t_ns, 140);
	assert_int_equal(p.teardown.begin.t_ns, 140);
	assert_int_equal(p.teardown.end.t_ns, 160);
	assert_string_equal(phases_outcome(&p), "no-pressure");
}

// RAM is full only once a thread is done: no window with all at work.
static void test_full_too_late(void **state)
{
	struct phases p = begin(0);

	(void)state;
	assert_int_equal(step(&p, 120, 3, true, false), 0);
	assert_int_equal(p.now, PHASE_TEARDOWN);
	assert_false(p.has_steady);
	step(&p, 140, 90, true, true);
	assert_string_equal(phases_outcome(&p), "no-steady");
}

// What was swapped out before the run is not our doing.
static void test_earlier_swapping_is_not_pressure(void **state)
{
	struct phases p = begin(123456);

	(void)state;
	assert_int_equal(step(&p, 120, 123456, false, false), 0);
	assert_int_equal(p.now, PHASE_FILL);
}

static void test_settles(void **state)
{
	struct phases p = begin(1000);

	(void)state;
	p.settle = 500;
	step(&p, 120, 1500, false, false);
	assert_int_equal(p.now, PHASE_FILL);
	assert_true(phases_wants(&p, false, false));
	assert_int_equal(step(&p, 140, 1501, false, false), PHASE_STEADY_BEGAN);
	assert_int_equal(p.steady.begin.pswpout, 1501);
	assert_int_equal(p.fill.end.pswpout, 1501);
}

static void test_done_before_it_settled(void **state)
{
	struct phases p = begin(0);

	(void)state;
	p.settle = 500;
	step(&p, 120, 400, true, true);
	assert_string_equal(phases_outcome(&p), "no-steady");
}

static void test_what_is_wanted(void **state)
{
	struct phases p = begin(0);

	(void)state;
	assert_true(phases_wants(&p, false, false));
	step(&p, 120, 1, false, false);
	assert_false(phases_wants(&p, false, false));
	assert_true(phases_wants(&p, true, false));
	step(&p, 140, 2, true, false);
	assert_false(phases_wants(&p, true, false));
	assert_true(phases_wants(&p, true, true));
	step(&p, 160, 3, true, true);
	assert_false(phases_wants(&p, true, true));
}

static void test_nothing_moves_after_the_end(void **state)
{
	struct phases p = begin(0);

	(void)state;
	step(&p, 120, 1, false, false);
	step(&p, 140, 2, true, true);
	assert_int_equal(step(&p, 160, 99, true, true), 0);
	assert_int_equal(p.teardown.end.t_ns, 140);
	assert_int_equal(p.teardown.end.pswpout, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole_course),
		cmocka_unit_test(test_all_done_ends_two_phases_at_once),
		cmocka_unit_test(test_ram_never_full),
		cmocka_unit_test(test_full_too_late),
		cmocka_unit_test(test_earlier_swapping_is_not_pressure),
		cmocka_unit_test(test_settles),
		cmocka_unit_test(test_done_before_it_settled),
		cmocka_unit_test(test_what_is_wanted),
		cmocka_unit_test(test_nothing_moves_after_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
