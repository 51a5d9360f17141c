// SPDX-License-Identifier: GPL-2.0-only
// LINK: lockstep/sim.c lockstep/clocks.c lockstep/lines.c lockstep/spans.c
// LINK: lockstep/tally.c lockstep/machine.c lockstep/insn.c lockstep/output.c
// Random input, the same each time, under the sanitizers: what a guest can do
// and what a file can hold breaks nothing.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lockstep/insn.h"
#include "lockstep/output.h"
#include "lockstep/sim.h"
#include "some_machine.h"

#define DATA UINT64_C(0xffff888000000000)
#define CODE UINT64_C(0xffffffff81000000)

static uint64_t seed;

static unsigned int draw(unsigned int below)
{
	seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
	return (unsigned int)(seed >> 33) % below;
}

// Whole lines doubled, bytes changed, the end cut off.
static void test_machine(void **state)
{
	unsigned int taken = 0;

	(void)state;
	seed = 1;
	for (int i = 0; i < 20000; i++) {
		char text[2 * sizeof(some_machine)], why[40];
		struct machine machine;

		memcpy(text, some_machine, sizeof(some_machine));
		for (unsigned int n = draw(4); n; n--)
			text[draw(sizeof(some_machine) - 1)] = (char)draw(256);
		if (!draw(4))
			text[draw(sizeof(some_machine))] = '\0';
		if (!draw(8) && strlen(text) == sizeof(some_machine) - 1)
			memcpy(text + sizeof(some_machine) - 1, some_machine,
			       sizeof(some_machine));
		if (!machine_parse(&machine, text, why, sizeof(why)))
			taken++;
		else
			assert_in_range(strnlen(why, sizeof(why)), 5,
					sizeof(why) - 1);
	}
	// Neither all nor none.
	assert_in_range(taken, 2000, 18000);
}

static void test_insn(void **state)
{
	unsigned int kinds = 0;

	(void)state;
	seed = 2;
	for (int i = 0; i < 200000; i++) {
		const size_t length = draw(16);
		// As long as it says, so that the sanitizer sees it.
		uint8_t *bytes = malloc(length ? length : 1);

		for (size_t j = 0; j < length; j++)
			bytes[j] = (uint8_t)draw(256);
		kinds |= 1U << insn_decode(bytes, length).kind;
		free(bytes);
	}
	// All but the mark, which is one in 2^40.
	assert_int_equal(kinds, (1U << INSN_MARK) - 1);
}

// Near what the machine file names, far from it, and around nothing.
static uint64_t any_address(void)
{
	switch (draw(6)) {
	case 0:
		return draw(3);
	case 1:
		return UINT64_MAX - draw(3);
	case 2:
		return DATA + 65536 - 32 + draw(64);
	default:
		return (draw(2) ? DATA : CODE) + 16 * (uint64_t)draw(8);
	}
}

static void event(struct sim *sim)
{
	const unsigned int cpu = draw(sim->machine.cpus);
	const struct block block = {any_address(), draw(9), draw(9), draw(2)};

	switch (draw(24)) {
	case 0:
		sim_halt(sim, cpu);
		break;
	case 1:
	case 2:
		sim_pause(sim, cpu, any_address());
		break;
	case 3:
		sim_mark(sim, cpu,
			 (unsigned char)(draw(8) ? MARK_CPU : draw(256)));
		break;
	case 4:
		sim_bulk(sim, cpu, 1U << draw(6));
		break;
	case 5:
	case 6:
		sim_entry(sim, cpu, any_address(), any_address(),
			  any_address());
		break;
	case 7:
	case 8:
	case 9:
	case 10:
		if (sim_may_run(sim, cpu))
			sim_block(sim, cpu, &block);
		break;
	default:
		sim_access(sim, cpu, any_address(), draw(2), any_address());
	}
}

// In whatever order; then it is all written out, twice the same.
static void simulate(uint64_t with, char **json)
{
	static struct sim sim;
	char why[128];
	size_t size;
	FILE *file = open_memstream(json, &size);

	sim = (struct sim){.told = 0};
	assert_int_equal(
		machine_parse(&sim.machine, some_machine, why, sizeof(why)), 0);
	assert_int_equal(sim_set_up(&sim, why, sizeof(why)), 0);
	seed = with;
	if (with % 4)
		sim_mark(&sim, 0, MARK_BEGIN);
	for (int i = 0; i < 5000; i++)
		event(&sim);
	if (with % 8)
		sim_mark(&sim, 0, MARK_END);
	assert_int_equal(output_write(&sim, file), 0);
	fclose(file);
	assert_null(strstr(*json, "1844674407"));
	sim_tear_down(&sim);
}

static void test_events(void **state)
{
	(void)state;
	for (uint64_t with = 1; with <= 64; with++) {
		char *one, *other;

		simulate(with, &one);
		simulate(with, &other);
		assert_string_equal(one, other);
		free(one);
		free(other);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_machine),
		cmocka_unit_test(test_insn),
		cmocka_unit_test(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
