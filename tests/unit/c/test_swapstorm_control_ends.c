// SPDX-License-Identifier: GPL-2.0-only
// The control thread where pressure, a process or the peer fails to come or
// goes away.
#include <sched.h>
#include <signal.h>

#include "tests/unit/c/control_script.h"

static void *no_pressure(void *argument)
{
	struct fixture *f = argument;

	pass(f);
	finish_one(f);
	finish_one(f);
	return NULL;
}

static void test_no_pressure(void **state)
{
	struct fixture *f = *state;
	char none;

	run(f, no_pressure, 0);
	assert_false(f->control.phases.has_steady);
	assert_string_equal(phases_outcome(&f->control.phases), "no-pressure");
	assert_int_equal(recv(f->peer, &none, 1, MSG_DONTWAIT), -1);
}

static void *time_box_without_pressure(void *argument)
{
	struct fixture *f = argument;

	pass(f);
	while (!atomic_load(&f->crew.stop))
		sched_yield();
	finish_one(f);
	finish_one(f);
	return NULL;
}

static void test_time_box_without_pressure(void **state)
{
	struct fixture *f = *state;

	f->control.time_limit_ns = 3000000;
	run(f, time_box_without_pressure, 0);
	assert_false(f->control.phases.has_steady);
}

static void kill_at_once(struct fixture *f, unsigned int index)
{
	f->crew.processes = true;
	f->workers[index].index = index;
	f->workers[index].pid = fork();
	if (f->workers[index].pid == 0) {
		raise(SIGKILL);
		_exit(0);
	}
}

// A process that dies is noticed, though nothing else ever happens.
static void test_process_that_dies(void **state)
{
	struct fixture *f = *state;

	kill_at_once(f, 1);
	f->crew.go.arrived = 2; // it has gone through
	assert_int_equal(control_write(&f->control, &f->error), -1);
	assert_string_equal(f->error.line, "process 1 was killed by signal 9");
}

// Killed before it is where the others wait: nobody waits for it.
static void test_process_that_never_comes(void **state)
{
	struct fixture *f = *state;

	kill_at_once(f, 1);
	f->crew.go.arrived = 1;
	assert_int_equal(control_write(&f->control, &f->error), -1);
	assert_string_equal(f->error.line, "process 1 was killed by signal 9");
	assert_int_equal(f->crew.go.open, 0);
}

static void test_process_killed_before_it_reads_again(void **state)
{
	struct fixture *f = *state;

	kill_at_once(f, 0);
	assert_int_equal(control_verify(&f->control, &f->error), -1);
	assert_string_equal(f->error.line, "process 0 was killed by signal 9");
}

static void *rude_peer(void *argument)
{
	struct fixture *f = argument;

	pass(f);
	show(f, 107);
	hear(f);
	if (shutdown(f->peer, SHUT_RDWR))
		abort();
	return NULL;
}

static void test_peer_that_goes_away(void **state)
{
	struct fixture *f = *state;

	run(f, rude_peer, -1);
	assert_string_equal(
		f->error.line,
		"--notify-fd: the peer closed it without answering");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CREW(test_no_pressure),
		WITH_CREW(test_time_box_without_pressure),
		WITH_CREW(test_process_that_dies),
		WITH_CREW(test_process_that_never_comes),
		WITH_CREW(test_process_killed_before_it_reads_again),
		WITH_CREW(test_peer_that_goes_away),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
