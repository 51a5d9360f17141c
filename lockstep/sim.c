// SPDX-License-Identifier: GPL-2.0-only
#include "sim.h"

#include "insn.h"

#include <stdio.h>

int sim_set_up(struct sim *sim, char *why, size_t size)
{
	clocks_set_up(&sim->clocks, &sim->machine);
	clocks_quantum(&sim->clocks, SIM_AROUND * sim->machine.quantum_fs);
	for (unsigned int i = 0; i < sim->machine.cpus; i++)
		sim->vcpus[i].bit = UINT64_C(1) << i;
	if (lines_set_up(&sim->lines, &sim->machine)) {
		snprintf(why, size,
			 "no room for the lines of the ranges, two of them "
			 "within one TiB, or one not within");
		return -1;
	}
	if (tally_set_up(&sim->transfers, sim->machine.most_lines) ||
	    tally_set_up(&sim->waits, 1 << 14) ||
	    tally_set_up(&sim->pauses, 1 << 10)) {
		snprintf(why, size, "no memory for the tables");
		return -1;
	}
	return 0;
}

void sim_tear_down(struct sim *sim)
{
	lines_tear_down(&sim->lines);
	tally_tear_down(&sim->transfers);
	tally_tear_down(&sim->waits);
	tally_tear_down(&sim->pauses);
}

static void count(struct sim *sim, struct tally *tally, uint64_t key0,
		  uint64_t key1, uint64_t fs)
{
	uint64_t *row = sim_counts(sim) ? tally_at(tally, key0, key1) : NULL;

	if (row) {
		row[0]++;
		row[1] += fs;
	}
}

void sim_span_ends(struct sim *sim, unsigned int cpu)
{
	struct vcpu *vcpu = &sim->vcpus[cpu];
	const struct span span = spans_leave(&vcpu->spans);
	const uint64_t fs = sim->clocks.of[cpu].now - span.began_fs;

	if (span.kind == SPAN_LOCK) {
		count(sim, &sim->waits, span.site, span.lock, fs);
		return;
	}
	vcpu->counters.irqs++;
	vcpu->counters.irq_fs += fs;
	vcpu->counters.irq_insns += vcpu->counters.insns - span.began_insns;
}

void sim_entry(struct sim *sim, unsigned int cpu, uint64_t address,
	       uint64_t caller, uint64_t argument)
{
	struct vcpu *vcpu = &sim->vcpus[cpu];
	const struct span_at *at = machine_span(&sim->machine, address);

	// A leaf that calls a leaf does it for the same caller.
	if (codes_begin(&sim->machine.leaf, address) &&
	    !codes_hold(&sim->machine.leaf, caller))
		vcpu->site = caller;
	if (at) {
		const struct span span = {
			.kind = at->kind,
			.returns_to = caller,
			.site = vcpu->site,
			.lock = argument,
			.began_fs = sim->clocks.of[cpu].now,
			.began_insns = vcpu->counters.insns,
		};

		spans_enter(&vcpu->spans, &span);
	}
}

void sim_transfer(struct sim *sim, unsigned int cpu, struct line *line,
		  uint64_t address, bool write, uint64_t code)
{
	struct vcpu *vcpu = &sim->vcpus[cpu];

	if (!(code & LEAF_BIT))
		code = vcpu->site;
	const struct transfer transfer =
		lines_take(&sim->lines, line, cpu, write, (uint32_t)code,
			   sim->clocks.of[cpu].now);

	if (!transfer.fs)
		return;
	sim->clocks.of[cpu].now += transfer.fs;
	vcpu->counters.stall_fs += transfer.fs;
	vcpu->counters.near += !transfer.far;
	vcpu->counters.far += transfer.far;
	if (!sim_counts(sim))
		return;
	uint64_t *row =
		tally_at(&sim->transfers, address & ~(uint64_t)(LINE_BYTES - 1),
			 (uint64_t)transfer.from << 32 | (uint32_t)code);

	if (row)
		row[2 * write + transfer.far]++;
}

void sim_bulk(struct sim *sim, unsigned int cpu, unsigned int bytes)
{
	struct counters *counters = &sim->vcpus[cpu].counters;
	const uint64_t fs = bytes * sim->machine.byte_fs;

	sim->clocks.of[cpu].now += fs;
	counters->bulk_bytes += bytes;
	counters->bulk_fs += fs;
}

void sim_pause(struct sim *sim, unsigned int cpu, uint64_t code)
{
	const uint64_t fs = clocks_pause(&sim->clocks, cpu);

	sim->vcpus[cpu].counters.pause_fs += fs;
	count(sim, &sim->pauses, code, 0, fs);
}

void sim_halt(struct sim *sim, unsigned int cpu)
{
	clocks_halt(&sim->clocks, cpu);
}

static void note(const struct sim *sim, uint64_t *fs, struct counters *counters,
		 uint64_t *now)
{
	*fs = clocks_time(&sim->clocks);
	for (unsigned int i = 0; i < sim->machine.cpus; i++) {
		counters[i] = sim->vcpus[i].counters;
		now[i] = sim->clocks.of[i].now;
	}
}

void sim_mark(struct sim *sim, unsigned int cpu, unsigned char mark)
{
	struct window *window = &sim->window;

	switch (mark) {
	case MARK_BEGIN:
		window->begun++;
		if (window->state == WINDOW_BEFORE) {
			clocks_quantum(&sim->clocks, sim->machine.quantum_fs);
			note(sim, &window->begin_fs, window->begin,
			     window->begin_now);
			window->state = WINDOW_OPEN;
		}
		break;
	case MARK_END:
		window->ended++;
		if (window->state == WINDOW_OPEN) {
			note(sim, &window->end_fs, window->end,
			     window->end_now);
			window->state = WINDOW_CLOSED;
			clocks_quantum(&sim->clocks,
				       SIM_AROUND * sim->machine.quantum_fs);
		}
		break;
	case MARK_CPU:
		sim->confused |= cpu != sim->told ||
				 sim->told_mask & sim->vcpus[cpu].bit;
		sim->told++;
		sim->told_mask |= sim->vcpus[cpu].bit;
		break;
	default:
		break;
	}
}
