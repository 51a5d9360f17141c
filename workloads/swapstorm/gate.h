// SPDX-License-Identifier: GPL-2.0-only
// A place where all workers wait until the control lets them through together.
//
// Not a barrier of pthread: who opens it must not wait for a worker that was
// killed meanwhile, as one that is a process can be.
#ifndef SWAPSTORM_GATE_H
#define SWAPSTORM_GATE_H

#include <stdatomic.h>
#include <stdbool.h>

// Zeroed it is closed; shared memory does where workers are processes.
struct gate {
	_Alignas(64) atomic_uint arrived;
	atomic_uint open; // a futex
};

// A worker's: returns when it is open.
void gate_wait(struct gate *gate);

// True once that many have arrived; waits for it no longer than a moment.
bool gate_full(struct gate *gate, unsigned int workers);

// Lets all through, those too that come later.
void gate_open(struct gate *gate);

#endif
