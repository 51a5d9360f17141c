// SPDX-License-Identifier: GPL-2.0-only
// LINK: lockstep/sim.c lockstep/clocks.c lockstep/lines.c lockstep/spans.c
// LINK: lockstep/tally.c lockstep/machine.c lockstep/insn.c lockstep/output.c
// What a guest does to the simulation, in whatever order.
#include <stdio.h>

#include "fuzz.h"
#include "lockstep/insn.h"
#include "lockstep/output.h"
#include "lockstep/sim.h"
#include "tests/unit/c/some_machine.h"

static uint64_t address(const uint8_t *data)
{
	static const uint64_t bases[] = {0, UINT64_MAX - 255,
					 UINT64_C(0xffff888000000000),
					 UINT64_C(0xffffffff81000000)};

	return bases[data[0] % 4] + data[1] + ((uint64_t)data[2] << 8);
}

static void event(struct sim *sim, const uint8_t *data)
{
	const unsigned int cpu = data[0] / 16 % sim->machine.cpus;
	const struct block block = {address(data + 1), data[4] % 9, data[5] % 9,
				    data[6] % 2};

	switch (data[0] % 16) {
	case 0:
		sim_halt(sim, cpu);
		break;
	case 1:
		sim_pause(sim, cpu, address(data + 1));
		break;
	case 2:
		sim_mark(sim, cpu, data[1]);
		break;
	case 3:
		sim_bulk(sim, cpu, 1U << data[1] % 6);
		break;
	case 4:
	case 5:
		sim_entry(sim, cpu, address(data + 1), address(data + 2),
			  address(data + 4));
		break;
	case 6:
	case 7:
	case 8:
		if (sim_may_run(sim, cpu))
			sim_block(sim, cpu, &block);
		break;
	default:
		sim_access(sim, cpu, address(data + 1), data[4] % 2,
			   address(data + 4));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sim sim;
	char why[128], *json;
	size_t length;

	sim = (struct sim){.told = 0};
	must(!machine_parse(&sim.machine, some_machine, why, sizeof(why)));
	must(!sim_set_up(&sim, why, sizeof(why)));
	for (; size >= 8; data += 8, size -= 8)
		event(&sim, data);
	FILE *file = open_memstream(&json, &length);

	must(file && !output_write(&sim, file));
	fclose(file);
	// Nothing has become less than nothing.
	must(!strstr(json, "1844674407"));
	free(json);
	sim_tear_down(&sim);
	return 0;
}
