// SPDX-License-Identifier: GPL-2.0-only
// A simulation of four vCPUs on two sockets, with figures to reckon with.
#ifndef LOCKSTEP_SIM_TEST_H
#define LOCKSTEP_SIM_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lockstep/insn.h"
#include "lockstep/sim.h"

#define DATA UINT64_C(0xffff888000000000)
#define CODE UINT64_C(0xffffffff81000000)
#define LEAF (CODE + 0x1000)
#define SLOW (CODE + 0x1800) // a leaf, too, and timed
#define IRQ  (CODE + 0x4000)

enum { INSN = 10, NEAR = 400, FAR = 1200, BYTE = 1, QUANTUM = 100 };

static const struct block one_insn = {CODE, 1, 1, false};

static inline int set_up(void **state)
{
	static struct sim sim;
	char why[128];

	sim = (struct sim){
		.machine = {
			.cpus = 4,
			.socket = {0, 0, 1, 1},
			.instruction_fs = INSN,
			.near_fs = NEAR,
			.far_fs = FAR,
			.byte_fs = BYTE,
			.quantum_fs = QUANTUM,
			.most_lines = 100,
			.ranges = {{DATA, DATA + (1 << 20)}},
			.range_count = 1,
			.leaf = {{{LEAF, LEAF + 0x800}, {SLOW, SLOW + 0x800}},
				 2},
			.spans = {{SLOW, SPAN_LOCK}, {IRQ, SPAN_IRQ}},
			.span_count = 2,
		}};
	*state = &sim;
	return sim_set_up(&sim, why, sizeof(why));
}

static inline int tear_down(void **state)
{
	sim_tear_down(*state);
	return 0;
}

static inline uint64_t now(const struct sim *sim, unsigned int cpu)
{
	return sim->clocks.of[cpu].now;
}

// They come up at the same time.
static inline void start(struct sim *sim, unsigned int cpus)
{
	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		assert_true(sim_may_run(sim, cpu));
}

// A block of the vCPU, once it is its turn.
static inline void step(struct sim *sim, unsigned int cpu)
{
	assert_true(sim_may_run(sim, cpu));
	sim_block(sim, cpu, &one_insn);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
