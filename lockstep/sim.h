// SPDX-License-Identifier: GPL-2.0-only
// The simulation: events of a guest in, simulated time and counts out.  It
// knows nothing of QEMU.
#ifndef LOCKSTEP_SIM_H
#define LOCKSTEP_SIM_H

#include "clocks.h"
#include "lines.h"
#include "spans.h"
#include "tally.h"

// Of a block of the guest's code, made when it is first seen.
struct block {
	uint64_t address;
	uint32_t insns;
	uint32_t charged; // of them, those that take instruction_fs
	bool user;
};

// What a vCPU did; differences count.
struct counters {
	uint64_t insns, user_insns, irq_insns, irqs;
	uint64_t near, far, stall_fs;
	uint64_t pause_fs, bulk_bytes, bulk_fs, irq_fs;
};

struct vcpu {
	uint64_t bit;
	uint64_t site; // who called the leaf function it is in, or was
	struct spans spans;
	struct counters counters;
};

enum window_state { WINDOW_BEFORE, WINDOW_OPEN, WINDOW_CLOSED };

struct window {
	enum window_state state;
	unsigned int begun, ended; // marks seen
	uint64_t begin_fs, end_fs;
	struct counters begin[MACHINE_CPUS], end[MACHINE_CPUS];
	uint64_t begin_now[MACHINE_CPUS], end_now[MACHINE_CPUS];
};

struct sim {
	struct machine machine;
	struct clocks clocks;
	struct lines lines;
	struct vcpu vcpus[MACHINE_CPUS];
	struct window window;
	struct tally transfers; // (line, from << 32 | to): near and far reads,
				// near and far writes
	struct tally waits;	// (site, lock): how often, fs
	struct tally pauses;	// (code, 0): how often, fs
	unsigned int told;	// vCPUs that reported, each another than before
	uint64_t told_mask;
	bool confused; // one reported twice, or out of turn
};

// Nobody measures what lies around the window: turns are so many quanta there.
enum { SIM_AROUND = 32 };

// Returns 0, or -1 with a line in `why`.
int sim_set_up(struct sim *sim, char *why, size_t size);
void sim_tear_down(struct sim *sim);

// Whether what happens now counts.
static inline bool sim_counts(const struct sim *sim)
{
	return sim->window.state == WINDOW_OPEN;
}

// A vCPU is at a block; false where it has to give its turn back first.
static inline bool sim_may_run(struct sim *sim, unsigned int cpu)
{
	const struct clock *clock = &sim->clocks.of[cpu];

	return (clock->running && clock->now < sim->clocks.horizon) ||
	       clocks_turn(&sim->clocks, cpu);
}

void sim_span_ends(struct sim *sim, unsigned int cpu);

static inline void sim_block(struct sim *sim, unsigned int cpu,
			     const struct block *block)
{
	struct vcpu *vcpu = &sim->vcpus[cpu];

	sim->clocks.refused = 0;
	while (vcpu->spans.returns_to == block->address && vcpu->spans.depth)
		sim_span_ends(sim, cpu);
	sim->clocks.of[cpu].now += block->charged * sim->machine.instruction_fs;
	vcpu->counters.insns += block->insns;
	if (block->user)
		vcpu->counters.user_insns += block->insns;
}

// The block is where a leaf, a span or both begin; `caller` and `argument`
// are the word on top of the stack and the first argument.
void sim_entry(struct sim *sim, unsigned int cpu, uint64_t address,
	       uint64_t caller, uint64_t argument);

void sim_transfer(struct sim *sim, unsigned int cpu, struct line *line,
		  uint64_t address, bool write, uint64_t code);

// Code of a leaf has the highest bit off: its caller is to be named.
#define LEAF_BIT (UINT64_C(1) << 63)

static inline void sim_access(struct sim *sim, unsigned int cpu,
			      uint64_t address, bool write, uint64_t code)
{
	struct line *line = lines_find(&sim->lines, address);

	if (!line)
		sim->lines.outside++;
	else if (!line_held(line, sim->vcpus[cpu].bit, write))
		sim_transfer(sim, cpu, line, address, write, code);
}

// Bytes stored by what copies or zeroes pages.
void sim_bulk(struct sim *sim, unsigned int cpu, unsigned int bytes);

void sim_pause(struct sim *sim, unsigned int cpu, uint64_t code);
void sim_halt(struct sim *sim, unsigned int cpu);
void sim_mark(struct sim *sim, unsigned int cpu, unsigned char mark);

#endif
