// SPDX-License-Identifier: GPL-2.0-only
// LINK: lockstep/lines.c
// Who holds a cache line, what it costs to get it, and who had it.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lockstep/lines.h"

#define START UINT64_C(0xffff888000000000)
#define OTHER UINT64_C(0xffffffff80000000)
#define BYTES (UINT64_C(1) << 20)

enum { NEAR = 40, FAR = 120 };

// CPUs 0 and 1 on socket 0, 2 and 3 on socket 1.
static const struct machine machine = {
	.cpus = 4,
	.socket = {0, 0, 1, 1},
	.near_fs = NEAR,
	.far_fs = FAR,
	.ranges = {{START, START + BYTES}, {OTHER, OTHER + BYTES}},
	.range_count = 2,
};

static int set_up(void **state)
{
	static struct lines lines;

	*state = &lines;
	return lines_set_up(&lines, &machine);
}

static int tear_down(void **state)
{
	lines_tear_down(*state);
	return 0;
}

// What an access costs; it changes hands only where it has to.  Each comes
// long after the one before.
static uint64_t access_line(struct lines *lines, unsigned int cpu, bool write)
{
	static uint64_t now;

	struct line *line = lines_find(lines, START);

	if (line_held(line, UINT64_C(1) << cpu, write))
		return 0;
	now += 100 * FAR;
	return lines_take(lines, line, cpu, write, cpu, now).fs;
}

static void test_find(void **state)
{
	struct lines *lines = *state;

	assert_ptr_equal(lines_find(lines, START),
			 lines_find(lines, START + 63));
	assert_ptr_equal(lines_find(lines, START) + 1,
			 lines_find(lines, START + 64));
	assert_non_null(lines_find(lines, START + BYTES - 1));
	assert_non_null(lines_find(lines, OTHER));
	assert_null(lines_find(lines, START + BYTES));
	assert_null(lines_find(lines, START - 1));
	assert_null(lines_find(lines, OTHER - 64));
	assert_null(lines_find(lines, 0));
	assert_null(lines_find(lines, UINT64_MAX));
	// A user's address with the same bits 40..47.
	assert_null(lines_find(lines, START & ~(UINT64_C(0xffff) << 48)));
}

static void test_nobody_has_it(void **state)
{
	assert_int_equal(access_line(*state, 0, false), 0);
	assert_int_equal(access_line(*state, 0, true), 0);
	assert_int_equal(access_line(*state, 0, true), 0);
}

static void test_readers_share(void **state)
{
	for (unsigned int cpu = 0; cpu < 4; cpu++)
		assert_int_equal(access_line(*state, cpu, false), 0);
	for (unsigned int cpu = 0; cpu < 4; cpu++)
		assert_int_equal(access_line(*state, cpu, false), 0);
}

static void test_read_of_a_modified_line(void **state)
{
	access_line(*state, 0, true);
	assert_int_equal(access_line(*state, 1, false), NEAR);
	// Both have a copy now, and nobody a modified one.
	assert_int_equal(access_line(*state, 0, false), 0);
	assert_int_equal(access_line(*state, 2, false), 0);
	access_line(*state, 2, true);
	assert_int_equal(access_line(*state, 1, false), FAR);
}

static void test_write_takes_it_from_all(void **state)
{
	access_line(*state, 0, false);
	access_line(*state, 1, false);
	assert_int_equal(access_line(*state, 0, true), NEAR);
	assert_int_equal(access_line(*state, 0, true), 0);
	access_line(*state, 1, false);
	access_line(*state, 2, false);
	// One of those it is taken from is on the other socket.
	assert_int_equal(access_line(*state, 0, true), FAR);
	assert_int_equal(access_line(*state, 2, true), FAR);
	assert_int_equal(access_line(*state, 3, true), NEAR);
	// The last reader is its own: nobody is asked.
	assert_int_equal(access_line(*state, 3, false), 0);
}

static void test_who_had_it(void **state)
{
	struct lines *lines = *state;
	struct line *line = lines_find(lines, START);
	struct transfer transfer;

	transfer = lines_take(lines, line, 0, true, 11, 0);
	assert_int_equal(transfer.from, 0);
	assert_int_equal(transfer.fs, 0);
	transfer = lines_take(lines, line, 3, true, 22, 0);
	assert_int_equal(transfer.from, 11);
	assert_true(transfer.far);
	transfer = lines_take(lines, line, 2, false, 33, FAR);
	assert_int_equal(transfer.from, 22);
	assert_false(transfer.far);
	assert_int_equal(transfer.fs, NEAR);
}

static void test_one_way_at_a_time(void **state)
{
	struct lines *lines = *state;
	struct line *line = lines_find(lines, START);

	lines_take(lines, line, 0, true, 1, 0);
	// Three want it at once: each waits for those before it.
	assert_int_equal(lines_take(lines, line, 1, true, 1, 1000).fs, NEAR);
	assert_int_equal(lines_take(lines, line, 2, true, 1, 1000).fs,
			 NEAR + FAR);
	assert_int_equal(lines_take(lines, line, 3, true, 1, 1010).fs,
			 2 * NEAR + FAR - 10);
	assert_int_equal(lines_take(lines, line, 0, true, 1, 5000).fs, FAR);
}

static void test_64_cpus(void **state)
{
	struct machine large = machine;
	struct lines lines;

	(void)state;
	large.cpus = MACHINE_CPUS;
	for (unsigned int i = 0; i < MACHINE_CPUS; i++)
		large.socket[i] = (unsigned char)(i / 16);
	assert_int_equal(lines_set_up(&lines, &large), 0);
	for (unsigned int cpu = 0; cpu < MACHINE_CPUS; cpu++)
		assert_int_equal(access_line(&lines, cpu, true), !cpu ? 0
								 : cpu % 16
									 ? NEAR
									 : FAR);
	lines_tear_down(&lines);
}

static void refused(uint64_t start, uint64_t bytes)
{
	struct machine wrong = machine;
	struct lines lines;

	wrong.ranges[1] = (struct range){start, start + bytes};
	assert_int_equal(lines_set_up(&lines, &wrong), -1);
	lines_tear_down(&lines);
}

static void test_ranges(void **state)
{
	(void)state;
	refused(START + BYTES, BYTES); // bits 40..47 as the first's
	refused(UINT64_C(1) << 62, UINT64_C(1) << 61); // no room, and more
	refused((UINT64_C(1) << 40) - 64, 128);	       // would be lost half
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_find),
		TEST(test_nobody_has_it),
		TEST(test_readers_share),
		TEST(test_read_of_a_modified_line),
		TEST(test_write_takes_it_from_all),
		TEST(test_who_had_it),
		TEST(test_one_way_at_a_time),
		cmocka_unit_test(test_64_cpus),
		cmocka_unit_test(test_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
