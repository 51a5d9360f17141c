// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/swapstorm/control.c workloads/swapstorm/gate.c
// LINK: workloads/lib/notify.c workloads/swapstorm/phases.c
// LINK: workloads/lib/procfs.c workloads/swapstorm/series.c
// LINK: workloads/swapstorm/process.c workloads/swapstorm/worker.c
// LINK: workloads/swapstorm/touch.c workloads/swapstorm/giveaway.c
// LINK: workloads/swapstorm/region.c workloads/swapstorm/placement.c
// LINK: workloads/swapstorm/pace.c workloads/swapstorm/latency.c
// LINK: workloads/swapstorm/hist.c workloads/lib/stamp.c
// LINK: workloads/lib/content.c workloads/swapstorm/pattern.c
// LINK: workloads/swapstorm/pattern_sequential.c
// LINK: workloads/swapstorm/pattern_strided.c
// LINK: workloads/swapstorm/pattern_random.c workloads/swapstorm/pattern_zipf.c
// LINK: workloads/swapstorm/pattern_hotcold.c workloads/swapstorm/pattern_mix.c
// LINK: workloads/swapstorm/pattern_readlater.c workloads/lib/error.c
// LINK: workloads/lib/text.c workloads/swapstorm/after.c
// LINK: workloads/lib/swap.c workloads/lib/frame.c
// The control thread, with a vmstat of the test's making and a script in place
// of the workers: each step waits for what the step before has caused.
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "workloads/swapstorm/control.h"

struct fixture {
	struct crew crew;
	struct worker workers[2];
	struct progress progress[2];
	struct vmstat vmstat;
	struct control control;
	struct error error;
	int peer;
	char heard[64];
};

static void show(struct fixture *f, unsigned int pswpout)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "pswpin 00000\npswpout %05u\n",
			 pswpout);

	if (pwrite(f->vmstat.fd, text, (size_t)n, 0) != n)
		abort();
}

static int set_up(void **state)
{
	struct fixture *f = aligned_alloc(64, sizeof(*f));
	int ends[2];

	memset(f, 0, sizeof(*f));
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends)) {
		free(f);
		return -1;
	}
	f->peer = ends[1];
	f->vmstat.fd = memfd_create("vmstat", MFD_CLOEXEC);
	show(f, 100);
	f->crew.threads = 2;
	f->crew.wake_fd = eventfd(0, EFD_CLOEXEC);
	f->workers[0].progress = &f->progress[0];
	f->workers[1].progress = &f->progress[1];
	f->control = (struct control){.crew = &f->crew,
				      .workers = f->workers,
				      .vmstat = &f->vmstat,
				      .sample_ms = 1};
	notify_init(&f->control.notify, ends[0]);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close(f->peer);
	close(f->control.notify.fd);
	close(f->vmstat.fd);
	close(f->crew.wake_fd);
	free(f);
	return 0;
}

// For both workers.
static void pass(struct fixture *f)
{
	atomic_fetch_add(&f->crew.go.arrived, 1);
	gate_wait(&f->crew.go);
}

static void finish_one(struct fixture *f)
{
	const uint64_t one = 1;

	atomic_fetch_add(&f->crew.finished, 1);
	if (write(f->crew.wake_fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

static void hear(struct fixture *f)
{
	size_t used = strlen(f->heard);
	ssize_t n = read(f->peer, f->heard + used, sizeof(f->heard) - 1 - used);

	if (n <= 0)
		abort();
}

static void answer(struct fixture *f)
{
	if (write(f->peer, "k", 1) != 1)
		abort();
}

static void run(struct fixture *f, void *(*script)(void *), int expected)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, script, f), 0);
	assert_int_equal(control_write(&f->control, &f->error), expected);
	pthread_join(thread, NULL);
}

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

// A process that dies is noticed, though nothing else ever happens.
static void test_process_that_dies(void **state)
{
	struct fixture *f = *state;

	f->crew.processes = true;
	f->workers[1].index = 1;
	f->workers[1].pid = fork();
	if (f->workers[1].pid == 0) {
		raise(SIGKILL);
		_exit(0);
	}
	f->crew.go.arrived = 2; // it has gone through
	assert_int_equal(control_write(&f->control, &f->error), -1);
	assert_string_equal(f->error.line, "process 1 was killed by signal 9");
}

// Killed before it is where the others wait: nobody waits for it.
static void test_process_that_never_comes(void **state)
{
	struct fixture *f = *state;

	f->crew.processes = true;
	f->workers[1].index = 1;
	f->workers[1].pid = fork();
	if (f->workers[1].pid == 0) {
		raise(SIGKILL);
		_exit(0);
	}
	f->crew.go.arrived = 1;
	assert_int_equal(control_write(&f->control, &f->error), -1);
	assert_string_equal(f->error.line, "process 1 was killed by signal 9");
	assert_int_equal(f->crew.go.open, 0);
}

static void test_process_killed_before_it_reads_again(void **state)
{
	struct fixture *f = *state;

	f->crew.processes = true;
	f->workers[0].pid = fork();
	if (f->workers[0].pid == 0) {
		raise(SIGKILL);
		_exit(0);
	}
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

#define WITH_CREW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CREW(test_whole_course),
		WITH_CREW(test_time_series),
		WITH_CREW(test_peer_slower_than_the_steady_phase),
		WITH_CREW(test_time_box),
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
