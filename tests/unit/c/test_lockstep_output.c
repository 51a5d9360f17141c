// SPDX-License-Identifier: GPL-2.0-only
// LINK: lockstep/sim.c lockstep/clocks.c lockstep/lines.c lockstep/spans.c
// LINK: lockstep/tally.c lockstep/machine.c lockstep/output.c
// The document, to the byte, of a simulation of a few events.
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

#define DATA UINT64_C(0xffff888000000000)
#define CODE UINT64_C(0xffffffff81000000)

static const char machine[] = "cpus 2\nsocket 1 1\ninstruction_fs 10\n"
			      "near_fs 400\nfar_fs 1200\nbyte_fs 1\n"
			      "quantum_fs 100000\nmost_lines 50\n"
			      "range 0xffff888000000000 65536\n"
			      "span lock 0xffffffff81000100\n"
			      "peek 0xffff888000000008\n"
			      "peek 0xffff888000000010\n";

static void written(bool begins, bool ends, const char *expected)
{
	static struct sim sim;
	const struct block block = {CODE, 3, 2, false},
			   back = {CODE + 4, 1, 1, true};
	char why[128], *json;
	size_t size;
	FILE *file = open_memstream(&json, &size);

	sim = (struct sim){.told = 0};
	assert_int_equal(machine_parse(&sim.machine, machine, why, sizeof(why)),
			 0);
	assert_int_equal(sim_set_up(&sim, why, sizeof(why)), 0);
	sim_may_run(&sim, 0);
	sim_may_run(&sim, 1);
	sim_mark(&sim, 0, MARK_CPU);
	sim_mark(&sim, 1, MARK_CPU);
	sim_access(&sim, 0, DATA, true, CODE);
	if (begins)
		sim_mark(&sim, 0, MARK_BEGIN);
	sim_access(&sim, 1, DATA + 8, false, CODE + 8);
	sim_access(&sim, 1, DATA + 8, true, CODE + 8);
	sim_block(&sim, 0, &block);
	sim_entry(&sim, 0, CODE + 0x100, CODE + 4, DATA);
	sim_block(&sim, 0, &block);
	sim_block(&sim, 0, &back);
	sim_bulk(&sim, 0, 64);
	sim_pause(&sim, 1, CODE + 12);
	sim_access(&sim, 0, 0, true, CODE);
	if (ends)
		sim_mark(&sim, 0, MARK_END);
	sim.machine.peeks[1].done = true;
	sim.machine.peeks[1].value = DATA + 64;
	assert_int_equal(output_write(&sim, file), 0);
	fclose(file);
	assert_string_equal(json, expected);
	free(json);
	sim_tear_down(&sim);
}

#define NOTHING                                                                \
	"\"window\":{\"insns\":0,\"user_insns\":0,\"irq_insns\":0,\"irqs\":0," \
	"\"irq_fs\":0,\"near\":0,\"far\":0,\"stall_fs\":0,\"pause_fs\":0,"     \
	"\"bulk_bytes\":0,\"bulk_fs\":0}"
#define PEEKS ",\n\"peeks\":{\"0xffff888000000010\":\"0xffff888000000040\"},\n"
#define FIGURES                                                            \
	"\"waits\":[\n[\"0\",\"0xffff888000000000\",1,20]],\n"             \
	"\"pauses\":[\n[\"0xffffffff8100000c\",\"0\",1,97600]],\n"         \
	"\"lines_moved\":1,\n\"lines\":[\n"                                \
	"{\"line\":\"0xffff888000000000\",\"moves\":[0,1,0,1],\"pairs\":[" \
	"[\"0x81000000\",\"0x81000008\",0,1,0,0],"                         \
	"[\"0x81000008\",\"0x81000008\",0,0,0,1]]}]}\n"

static void test_closed(void **state)
{
	(void)state;
	written(true, true,
		"{\"lockstep\":1,\"told_apart\":true,\"told\":2,\"begun\":1,"
		"\"ended\":1,\"fs\":114,\"lost\":0,\"outside\":1,\"dropped\":"
		"0,\n\"cpus\":[\n{\"socket\":0,\"fs\":114,\"window\":{"
		"\"insns\":7,\"user_insns\":1,\"irq_insns\":0,\"irqs\":0,"
		"\"irq_fs\":0,\"near\":0,\"far\":0,\"stall_fs\":0,"
		"\"pause_fs\":0,\"bulk_bytes\":64,\"bulk_fs\":64}},\n"
		"{\"socket\":1,\"fs\":100000,\"window\":{\"insns\":0,"
		"\"user_insns\":0,\"irq_insns\":0,\"irqs\":0,\"irq_fs\":0,"
		"\"near\":0,\"far\":2,\"stall_fs\":2400,\"pause_fs\":97600,"
		"\"bulk_bytes\":0,\"bulk_fs\":0}}]" PEEKS FIGURES);
}

static void test_never_began(void **state)
{
	(void)state;
	written(false, true,
		"{\"lockstep\":1,\"told_apart\":true,\"told\":2,\"begun\":0,"
		"\"ended\":1,\"fs\":0,\"lost\":0,\"outside\":1,\"dropped\":0,\n"
		"\"cpus\":[\n{\"socket\":0,\"fs\":0," NOTHING "},\n"
		"{\"socket\":1,\"fs\":0," NOTHING "}]" PEEKS
		"\"waits\":[],\n\"pauses\":[],\n\"lines_moved\":0,\n"
		"\"lines\":[]}\n");
}

static void test_never_ended(void **state)
{
	(void)state;
	written(true, false,
		"{\"lockstep\":1,\"told_apart\":true,\"told\":2,\"begun\":1,"
		"\"ended\":0,\"fs\":0,\"lost\":0,\"outside\":1,\"dropped\":0,\n"
		"\"cpus\":[\n{\"socket\":0,\"fs\":0," NOTHING "},\n"
		"{\"socket\":1,\"fs\":0," NOTHING "}]" PEEKS FIGURES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_closed),
		cmocka_unit_test(test_never_began),
		cmocka_unit_test(test_never_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
