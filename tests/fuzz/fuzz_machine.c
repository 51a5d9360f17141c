// SPDX-License-Identifier: GPL-2.0-only
// LINK: lockstep/machine.c
// SEEDS: tests/fuzz/seeds/machine
// The plugin's machine file.
#include "fuzz.h"
#include "lockstep/machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct machine machine;
	char *text = as_text(data, size), why[80];

	if (machine_parse(&machine, text, why, sizeof(why))) {
		must(why[0] && strnlen(why, sizeof(why)) < sizeof(why));
	} else {
		must(machine.cpus >= 1 && machine.cpus <= MACHINE_CPUS);
		must(machine.range_count <= MACHINE_RANGES);
		must(machine.leaf.count <= MACHINE_CODES &&
		     machine.bulk.count <= MACHINE_CODES);
		must(machine.span_count <= MACHINE_SPANS &&
		     machine.peek_count <= MACHINE_PEEKS);
		for (unsigned int i = 0; i < machine.leaf.count; i++)
			must(codes_begin(&machine.leaf,
					 machine.leaf.at[i].start));
	}
	free(text);
	return 0;
}
