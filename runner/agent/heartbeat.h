// SPDX-License-Identifier: GPL-2.0-only
// A beat the host sees even while all of reclaim hangs: own thread, first in
// the scheduler, locked memory, no system call that allocates.
#ifndef AGENT_HEARTBEAT_H
#define AGENT_HEARTBEAT_H

#include "workloads/lib/error.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>

enum {
	HEARTBEAT_PORT = 0xe9, // QEMU: isa-debugcon,iobase=0xe9
	HEARTBEAT_FRAME = 20 + 16,
	// Shared with the workload: one counter of pages per thread, each in a
	// cache line of its own.
	PROGRESS_BYTES = 65536,
	PROGRESS_LINE = 64,
};

struct heartbeat {
	int fd; // -1: the I/O port
	int interval_ms;
	const uint64_t *progress;
	uint32_t sequence;
	int error; // errno of the thread's start
	const char *failed;
	sem_t started, stop;
	pthread_t thread;
};

// Starts the thread; fd, interval_ms and progress are set.
int heartbeat_start(struct heartbeat *heartbeat, struct error *fault);

// Stops it after a whole frame and a last beat.
void heartbeat_stop(struct heartbeat *heartbeat);

// One beat as a frame; what the thread sends.
void heartbeat_encode(struct heartbeat *heartbeat, uint64_t now_ns,
		      uint8_t frame[HEARTBEAT_FRAME]);

#endif
