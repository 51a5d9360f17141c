// SPDX-License-Identifier: GPL-2.0-only
#include "heartbeat.h"

#include "workloads/lib/frame.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/io.h>
#include <time.h>
#include <unistd.h>

enum { PRIORITY = 50, STACK = 65536 };

// The workload writes these words at any time; each is read once.
static uint64_t sum_progress(const uint64_t *progress)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < PROGRESS_BYTES / PROGRESS_LINE; i++)
		sum += __atomic_load_n(
			progress + i * (PROGRESS_LINE / sizeof(*progress)),
			__ATOMIC_RELAXED);
	return sum;
}

void heartbeat_encode(struct heartbeat *heartbeat, uint64_t now_ns,
		      uint8_t frame[HEARTBEAT_FRAME])
{
	uint8_t payload[16];
	const struct frame_part part = {payload, sizeof(payload)};

	put_le64(payload, now_ns);
	put_le64(payload + 8, sum_progress(heartbeat->progress));
	frame_encode(frame, HEARTBEAT_FRAME, FRAME_HEARTBEAT,
		     heartbeat->sequence++, &part, 1);
}

static void beat(struct heartbeat *heartbeat)
{
	uint8_t frame[HEARTBEAT_FRAME];
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	heartbeat_encode(heartbeat,
			 (uint64_t)now.tv_sec * 1000000000 +
				 (uint64_t)now.tv_nsec,
			 frame);
	if (heartbeat->fd < 0) {
		for (size_t i = 0; i < sizeof(frame); i++)
			outb(frame[i], HEARTBEAT_PORT);
	} else if (write(heartbeat->fd, frame, sizeof(frame)) < 0) {
		// Nobody is told: who listens for beats hears that they end.
		heartbeat->error = errno;
	}
}

// Both hold for this thread alone: the workload must not inherit them.
static const char *privilege(void)
{
	const struct sched_param param = {.sched_priority = PRIORITY};

	if (ioperm(HEARTBEAT_PORT, 1, 1))
		return "ioperm (the kernel needs CONFIG_X86_IOPL_IOPERM)";
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		return "SCHED_FIFO";
	return NULL;
}

static void *run(void *argument)
{
	struct heartbeat *heartbeat = argument;
	struct timespec next;

	if (heartbeat->fd < 0)
		heartbeat->failed = privilege();
	heartbeat->error = heartbeat->failed ? errno : 0;
	sem_post(&heartbeat->started);
	if (heartbeat->failed)
		return NULL;
	clock_gettime(CLOCK_MONOTONIC, &next);
	do {
		beat(heartbeat);
		next.tv_nsec += heartbeat->interval_ms % 1000 * 1000000L;
		next.tv_sec += heartbeat->interval_ms / 1000 +
			       next.tv_nsec / 1000000000;
		next.tv_nsec %= 1000000000;
		// Sleeps to an absolute time and can be woken to stop.
	} while (sem_clockwait(&heartbeat->stop, CLOCK_MONOTONIC, &next));
	beat(heartbeat);
	return NULL;
}

int heartbeat_start(struct heartbeat *heartbeat, struct error *fault)
{
	pthread_attr_t attributes;

	sem_init(&heartbeat->started, 0, 0);
	sem_init(&heartbeat->stop, 0, 0);
	pthread_attr_init(&attributes);
	// Small: all of it is locked.
	pthread_attr_setstacksize(&attributes, STACK);
	int error =
		pthread_create(&heartbeat->thread, &attributes, run, heartbeat);

	pthread_attr_destroy(&attributes);
	if (error)
		return error_coded(fault, ERROR_HEARTBEAT, "thread: %s",
				   strerror(error));
	while (sem_wait(&heartbeat->started))
		;
	if (!heartbeat->failed)
		return 0;
	pthread_join(heartbeat->thread, NULL);
	return error_coded(fault, ERROR_HEARTBEAT, "%s: %s", heartbeat->failed,
			   strerror(heartbeat->error));
}

void heartbeat_stop(struct heartbeat *heartbeat)
{
	sem_post(&heartbeat->stop);
	pthread_join(heartbeat->thread, NULL);
}
