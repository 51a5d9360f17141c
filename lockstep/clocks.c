// SPDX-License-Identifier: GPL-2.0-only
#include "clocks.h"

void clocks_set_up(struct clocks *clocks, const struct machine *machine)
{
	*clocks = (struct clocks){
		.cpus = machine->cpus,
		.quantum = machine->quantum_fs,
		.horizon = machine->quantum_fs,
		.seed = machine->skew_seed,
	};
}

// xorshift64*, by Marsaglia and Vigna.
static uint64_t draw(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * 0x2545f4914f6cdd1dU;
}

// How late a vCPU is: less than a quantum, and not at all with a seed of 0.
static uint64_t skew(struct clocks *clocks)
{
	return clocks->seed ? draw(&clocks->seed) % clocks->quantum : 0;
}

static uint64_t slowest(const struct clocks *clocks, uint64_t none)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < clocks->cpus; i++)
		if (clocks->of[i].running && clocks->of[i].now < least)
			least = clocks->of[i].now;
	return least == UINT64_MAX ? none : least;
}

uint64_t clocks_time(const struct clocks *clocks)
{
	// Nobody runs: time stands at what was reached.
	return slowest(clocks, clocks->horizon - clocks->quantum);
}

// Everybody who is thought to run gave the turn back twice, but one never
// came for it: it stopped by other means than HLT.  Waiting for it would be
// for ever.
static void lose_slowest(struct clocks *clocks)
{
	const uint64_t least = slowest(clocks, 0);

	for (unsigned int i = 0; i < clocks->cpus; i++) {
		if (clocks->of[i].running && clocks->of[i].now == least) {
			clocks->of[i].running = false;
			clocks->lost++;
		}
	}
	clocks->refused = 0;
}

bool clocks_turn(struct clocks *clocks, unsigned int cpu)
{
	struct clock *own = &clocks->of[cpu];

	if (!own->running) {
		const uint64_t now = clocks_time(clocks) + skew(clocks);

		if (own->now < now)
			own->now = now;
		own->running = true;
	}
	if (own->now >= clocks->horizon) {
		clocks->horizon = slowest(clocks, own->now) + clocks->quantum;
		if (own->now >= clocks->horizon) {
			if (++clocks->refused > 4 * clocks->cpus + 4)
				lose_slowest(clocks);
			return false;
		}
	}
	return true;
}

void clocks_halt(struct clocks *clocks, unsigned int cpu)
{
	clocks->of[cpu].running = false;
}

uint64_t clocks_pause(struct clocks *clocks, unsigned int cpu)
{
	struct clock *own = &clocks->of[cpu];

	if (own->now >= clocks->horizon)
		return 0;
	const uint64_t rest = clocks->horizon - own->now;

	own->now = clocks->horizon;
	return rest;
}

void clocks_quantum(struct clocks *clocks, uint64_t fs)
{
	const uint64_t now = clocks_time(clocks);

	clocks->quantum = fs;
	for (unsigned int i = 0; i < clocks->cpus; i++)
		clocks->of[i].now = now + skew(clocks);
	clocks->horizon = now + fs;
}
