// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "control.h"
#include "process.h"

// How often to look whether a process has died; threads cannot alone.
#define LOOK_NS (500 * NS_PER_MS)

#define NS_PER_MS ((uint64_t)1000000)
#define NS_PER_S  (1000 * NS_PER_MS)

// Sleep until a thread finishes, the peer answers or a time has come.
static int wait_for_event(struct control *control, uint64_t deadline_ns,
			  bool *answer, struct error *error)
{
	const struct notify *notify = &control->notify;
	struct pollfd fds[2] = {
		{.fd = control->crew->wake_fd, .events = POLLIN},
		{.fd = notify->waiting ? notify->fd : -1, .events = POLLIN},
	};
	uint64_t now = clock_ns();
	uint64_t until = UINT64_MAX;
	struct timespec timeout;
	uint64_t wakes;
	int ready;

	if (control->phases.now == PHASE_FILL)
		until = now + control->sample_ms * NS_PER_MS;
	if (control->series.interval_ns && control->series.next_ns < until)
		until = control->series.next_ns;
	if (control->crew->processes && now + LOOK_NS < until)
		until = now + LOOK_NS;
	if (deadline_ns && deadline_ns < until)
		until = deadline_ns;
	if (notify->waiting && notify->sent_ns + NOTIFY_LIMIT_NS < until)
		until = notify->sent_ns + NOTIFY_LIMIT_NS;
	if (until < now)
		until = now;
	timeout.tv_sec = (time_t)((until - now) / NS_PER_S);
	timeout.tv_nsec = (long)((until - now) % NS_PER_S);
	ready = ppoll(fds, 2, until == UINT64_MAX ? NULL : &timeout, NULL);
	if (ready < 0 && errno != EINTR)
		return error_set(error, "poll: %s", strerror(errno));
	*answer = ready > 0 && fds[1].revents;
	if (ready > 0 && fds[0].revents &&
	    read(control->crew->wake_fd, &wakes, sizeof(wakes)) < 0)
		return error_set(error, "eventfd: %s", strerror(errno));
	return 0;
}

static uint64_t pages_done(const struct worker *worker)
{
	return atomic_load_explicit(&worker->progress->pages,
				    memory_order_relaxed);
}

static int add_row(struct control *control, struct error *error)
{
	struct series *series = &control->series;
	struct reading reading;
	struct detail detail;
	struct series_row *row;
	uint64_t *done;

	if (!series->interval_ns || clock_ns() < series->next_ns)
		return 0;
	if (vmstat_read_detail(control->vmstat, &reading, &detail, error))
		return -1;
	row = series_add(series, reading.t_ns);
	*row = (struct series_row){
		.t_ns = reading.t_ns,
		.pswpout = reading.pswpout,
		.pswpin = reading.pswpin,
		.allocstall = detail.allocstall,
		.free_pages = detail.free_pages,
	};
	done = series_done(series, series->used - 1);
	for (unsigned int i = 0; i < control->crew->threads; i++)
		done[i] = pages_done(&control->workers[i]);
	return 0;
}

// An error if one of the processes has died.
static int look_after(struct control *control, struct error *error)
{
	for (unsigned int i = 0; i < control->crew->threads; i++) {
		if (control->crew->processes &&
		    process_reap(&control->workers[i], false, error))
			return -1;
	}
	return 0;
}

int control_wait(struct control *control, struct gate *gate,
		 struct error *error)
{
	while (!gate_full(gate, control->crew->threads)) {
		if (look_after(control, error))
			return -1;
	}
	return 0;
}

int control_pass(struct control *control, struct gate *gate,
		 struct error *error)
{
	if (control_wait(control, gate, error))
		return -1;
	gate_open(gate);
	return 0;
}

// Take a reading if it can matter and act on what it shows.
static int advance(struct control *control, bool time_up, struct error *error)
{
	struct crew *crew = control->crew;
	unsigned int finished = atomic_load(&crew->finished);
	bool first_done = finished > 0 || time_up;
	bool all_done = finished == crew->threads;
	struct reading reading;
	unsigned int changes;

	if (!phases_wants(&control->phases, first_done, all_done))
		return 0;
	if (vmstat_read(control->vmstat, &reading, error))
		return -1;
	changes = phases_step(&control->phases, &reading, first_done, all_done);
	for (unsigned int i = 0; i < crew->threads; i++) {
		struct worker *worker = &control->workers[i];

		if (changes & PHASE_STEADY_BEGAN)
			worker->steady_begin_pages = pages_done(worker);
		if (changes & PHASE_STEADY_ENDED)
			worker->steady_end_pages = pages_done(worker);
	}
	if (changes & PHASE_STEADY_BEGAN)
		notify_push(&control->notify, "steady-begin\n");
	if (changes & PHASE_STEADY_ENDED)
		notify_push(&control->notify, "steady-end\n");
	return 0;
}

int control_write(struct control *control, struct error *error)
{
	struct crew *crew = control->crew;
	struct reading reading;
	uint64_t deadline = 0;
	bool stopped = false;

	if (vmstat_read(control->vmstat, &reading, error))
		return -1;
	phases_start(&control->phases, &reading, control->settle);
	if (control->time_limit_ns)
		deadline = reading.t_ns + control->time_limit_ns;
	if (control_pass(control, &crew->go, error))
		return -1;
	while (control->phases.now != PHASE_WRITTEN ||
	       notify_busy(&control->notify)) {
		// A deadline that ended the phase must not wake us again.
		bool open_end = control->phases.now >= PHASE_TEARDOWN;
		bool answer = false;
		bool time_up;

		if (wait_for_event(control, open_end ? 0 : deadline, &answer,
				   error))
			return -1;
		time_up = deadline && clock_ns() >= deadline;
		if (look_after(control, error) || add_row(control, error) ||
		    advance(control, time_up, error) ||
		    notify_step(&control->notify, answer, clock_ns(), error))
			return -1;
		// The peer may look at the end of a phase while it lasts.
		if (time_up && !stopped && !notify_busy(&control->notify)) {
			atomic_store(&crew->stop, true);
			stopped = true;
		}
	}
	return 0;
}

int control_join(struct control *control, struct error *error)
{
	if (control->joined)
		return 0;
	control->joined = true;
	for (unsigned int i = 0; i < control->crew->threads; i++) {
		struct worker *worker = &control->workers[i];

		if (!control->crew->processes)
			pthread_join(worker->thread, NULL);
		else if (process_reap(worker, true, error))
			return -1;
	}
	return 0;
}

int control_verify(struct control *control, struct error *error)
{
	struct phases *phases = &control->phases;
	const struct crew *crew = control->crew;

	if (vmstat_read(control->vmstat, &phases->verify.begin, error))
		return -1;
	if (control_pass(control, &control->crew->reread, error))
		return -1;
	// They go on to give their memory back, or end.
	if (crew->after.asked[AFTER_FREE]
		    ? control_wait(control,
				   &control->crew->after.begin[AFTER_FREE],
				   error)
		    : control_join(control, error))
		return -1;
	for (unsigned int i = 0; i < crew->threads; i++) {
		if (crew->plan->kind == REGION_COW)
			worker_verify_original(&control->workers[i]);
	}
	phases->has_verify = true;
	return vmstat_read(control->vmstat, &phases->verify.end, error);
}
