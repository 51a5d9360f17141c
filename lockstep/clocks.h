// SPDX-License-Identifier: GPL-2.0-only
// A clock for every vCPU, and whose turn it is.
//
// Time is simulated, in femtoseconds.  A vCPU runs until its clock reaches
// the horizon; when all that run have reached it, the horizon moves to a
// quantum beyond the slowest.  So none is ever more than a quantum (and what
// its last block cost) ahead of the slowest.
#ifndef LOCKSTEP_CLOCKS_H
#define LOCKSTEP_CLOCKS_H

#include "machine.h"

struct clock {
	uint64_t now; // fs
	bool running; // has begun, and is not in HLT
};

struct clocks {
	unsigned int cpus;
	uint64_t quantum, horizon;
	struct clock of[MACHINE_CPUS];
	uint64_t seed;
	unsigned int refused; // turns given back since one was used
	uint64_t lost;	      // vCPUs that stopped without a HLT
};

void clocks_set_up(struct clocks *clocks, const struct machine *machine);

// Simulated time of the machine: the slowest running vCPU's.
uint64_t clocks_time(const struct clocks *clocks);

// vCPU `cpu` is given the processor.  True: it may run.  False: it is at the
// horizon and has to give the turn back.
bool clocks_turn(struct clocks *clocks, unsigned int cpu);

// HLT: out until its next turn.
void clocks_halt(struct clocks *clocks, unsigned int cpu);

// PAUSE: the rest of the quantum passes.  Returns how much that is.
uint64_t clocks_pause(struct clocks *clocks, unsigned int cpu);

// How long a quantum is from here on.  All vCPUs are within one of the same
// time then: long quanta let them be further apart than short ones may.
void clocks_quantum(struct clocks *clocks, uint64_t fs);

#endif
