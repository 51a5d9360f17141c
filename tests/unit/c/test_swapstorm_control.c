// SPDX-License-Identifier: GPL-2.0-only
// The control thread where a run takes its course.
#include <poll.h>
#include <sched.h>
#include <signal.h>

#include "tests/unit/c/control_script.h"

static void *whole_course(void *argument)
{
	struct fixture *f = argument;

	pass(f);
	f->progress[0].pages = 1000;
	f->progress[1].pages = 2000;
	show(f, 107);
	hear(f);
	f->progress[0].pages = 1500;
	f->progress[1].pages = 2700;
	show(f, 500);
	answer(f);
	finish_one(f);
	hear(f);
	show(f, 600);
	answer(f);
	finish_one(f);
	return NULL;
}

static void test_whole_course(void **state)
{
	struct fixture *f = *state;
	struct phases *phases = &f->control.phases;

	run(f, whole_course, 0);
	assert_string_equal(f->heard, "steady-begin\nsteady-end\n");
	assert_int_equal(phases->now, PHASE_WRITTEN);
	assert_int_equal(phases->fill.begin.pswpout, 100);
	assert_int_equal(phases->steady.begin.pswpout, 107);
	assert_int_equal(phases->steady.end.pswpout, 500);
	assert_int_equal(phases->teardown.end.pswpout, 600);
	assert_int_equal(f->workers[0].steady_begin_pages, 1000);
	assert_int_equal(f->workers[0].steady_end_pages, 1500);
	assert_int_equal(f->workers[1].steady_begin_pages, 2000);
	assert_int_equal(f->workers[1].steady_end_pages, 2700);
	assert_false(f->crew.stop);
}

// Rows come while the run lasts, also in the steady phase.
static void *rows_come(void *argument)
{
	struct fixture *f = argument;
	unsigned int before;

	pass(f);
	show(f, 107);
	hear(f);
	answer(f);
	f->progress[1].pages = 55;
	// Some may have come before the peer was there, and a row is late.
	before = __atomic_load_n(&f->control.series.used, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&f->control.series.used, __ATOMIC_SEQ_CST) <
	       before + 5)
		sched_yield();
	finish_one(f);
	finish_one(f);
	hear(f);
	answer(f);
	return NULL;
}

static void test_time_series(void **state)
{
	struct fixture *f = *state;
	struct series *series = &f->control.series;
	uint64_t *memory = malloc(series_bytes(2));

	series_init(series, 2, 1000000, memory);
	run(f, rows_come, 0);
	assert_true(series->used >= 5);
	for (unsigned int i = 1; i < series->used; i++)
		assert_true(series->rows[i].t_ns > series->rows[i - 1].t_ns);
	assert_int_equal(series->rows[0].pswpin, 0);
	assert_int_equal(series->rows[series->used - 1].pswpout, 107);
	assert_int_equal(series_done(series, series->used - 1)[1], 55);
	free(memory);
}

static void *slow_peer(void *argument)
{
	struct fixture *f = argument;
	struct pollfd wake = {.fd = f->crew.wake_fd, .events = POLLIN};

	pass(f);
	show(f, 107);
	hear(f);
	// All end before the peer answers; each is seen when it happens.
	show(f, 200);
	finish_one(f);
	while (poll(&wake, 1, 0) > 0)
		sched_yield();
	finish_one(f);
	while (poll(&wake, 1, 0) > 0)
		sched_yield();
	answer(f);
	hear(f);
	answer(f);
	return NULL;
}

static void test_peer_slower_than_the_steady_phase(void **state)
{
	struct fixture *f = *state;

	run(f, slow_peer, 0);
	assert_string_equal(f->heard, "steady-begin\nsteady-end\n");
	assert_int_equal(f->control.phases.steady.begin.pswpout, 107);
	assert_int_equal(f->control.phases.steady.end.pswpout, 200);
}

static void *time_box(void *argument)
{
	struct fixture *f = argument;

	pass(f);
	show(f, 107);
	hear(f);
	answer(f);
	// Nobody finishes: the end comes from the clock, before the stop.
	hear(f);
	if (atomic_load(&f->crew.stop))
		abort();
	answer(f);
	while (!atomic_load(&f->crew.stop))
		sched_yield();
	finish_one(f);
	finish_one(f);
	return NULL;
}

static void test_time_box(void **state)
{
	struct fixture *f = *state;
	struct span *steady = &f->control.phases.steady;

	// Long enough for the script to raise pswpout on a busy machine.
	f->control.time_limit_ns = 1000000000;
	run(f, time_box, 0);
	assert_string_equal(f->heard, "steady-begin\nsteady-end\n");
	assert_true(steady->end.t_ns - f->control.phases.fill.begin.t_ns >=
		    f->control.time_limit_ns);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CREW(test_whole_course),
		WITH_CREW(test_time_series),
		WITH_CREW(test_peer_slower_than_the_steady_phase),
		WITH_CREW(test_time_box),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
