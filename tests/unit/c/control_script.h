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
#ifndef TESTS_CONTROL_SCRIPT_H
#define TESTS_CONTROL_SCRIPT_H

#include <pthread.h>
#include <setjmp.h>
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

static inline void show(struct fixture *f, unsigned int pswpout)
{
	char text[64];
	int n = snprintf(text, sizeof(text), "pswpin 00000\npswpout %05u\n",
			 pswpout);

	if (pwrite(f->vmstat.fd, text, (size_t)n, 0) != n)
		abort();
}

static inline int set_up(void **state)
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

static inline int tear_down(void **state)
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
static inline void pass(struct fixture *f)
{
	atomic_fetch_add(&f->crew.go.arrived, 1);
	gate_wait(&f->crew.go);
}

static inline void finish_one(struct fixture *f)
{
	const uint64_t one = 1;

	atomic_fetch_add(&f->crew.finished, 1);
	if (write(f->crew.wake_fd, &one, sizeof(one)) != sizeof(one))
		abort();
}

static inline void hear(struct fixture *f)
{
	size_t used = strlen(f->heard);
	ssize_t n = read(f->peer, f->heard + used, sizeof(f->heard) - 1 - used);

	if (n <= 0)
		abort();
}

static inline void answer(struct fixture *f)
{
	if (write(f->peer, "k", 1) != 1)
		abort();
}

static inline void run(struct fixture *f, void *(*script)(void *), int expected)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, script, f), 0);
	assert_int_equal(control_write(&f->control, &f->error), expected);
	pthread_join(thread, NULL);
}

#define WITH_CREW(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
