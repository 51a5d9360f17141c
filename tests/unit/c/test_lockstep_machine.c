// SPDX-License-Identifier: GPL-2.0-only
// LINK: lockstep/machine.c
// The machine file: what it says, and the line of each mistake.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "lockstep/machine.h"

#define GOOD                                                  \
	"# a machine\n"                                       \
	"cpus 4\n"                                            \
	"socket 2 1\n"                                        \
	"\tsocket  3 1 # the last\n"                          \
	"\n"                                                  \
	"instruction_fs 250000\n"                             \
	"near_fs 40000000\nfar_fs 120000000\nbyte_fs 100\n"   \
	"quantum_fs 0x1000\nskew_seed 18446744073709551615\n" \
	"most_lines 1000\n"                                   \
	"range 0xffff888000000000 0x1000\n"                   \
	"range 0xffffffff80000000 64\n"                       \
	"leaf 0x300 0x400\nleaf 0x100 0x200\n"                \
	"bulk 0x500 0x600\n"                                  \
	"span lock 0x100\nspan irq 0x700\n"                   \
	"peek 0xffffffff80000008\n"

static void test_good(void **state)
{
	struct machine machine;
	char why[128] = "";

	(void)state;
	assert_int_equal(machine_parse(&machine, GOOD, why, sizeof(why)), 0);
	assert_int_equal(machine.cpus, 4);
	assert_int_equal(machine.socket[1], 0);
	assert_int_equal(machine.socket[2], 1);
	assert_int_equal(machine.socket[3], 1);
	assert_int_equal(machine.instruction_fs, 250000);
	assert_int_equal(machine.near_fs, 40000000);
	assert_int_equal(machine.far_fs, 120000000);
	assert_int_equal(machine.byte_fs, 100);
	assert_int_equal(machine.quantum_fs, 0x1000);
	assert_int_equal(machine.skew_seed, UINT64_MAX);
	assert_int_equal(machine.most_lines, 1000);
	assert_int_equal(machine.range_count, 2);
	assert_int_equal(machine.ranges[0].end, UINT64_C(0xffff888000001000));
	assert_int_equal(machine.peek_count, 1);
	assert_string_equal(why, "");
}

static void test_codes(void **state)
{
	struct machine machine;
	char why[128];

	(void)state;
	assert_int_equal(machine_parse(&machine, GOOD, why, sizeof(why)), 0);
	assert_true(codes_hold(&machine.leaf, 0x100));
	assert_true(codes_hold(&machine.leaf, 0x1ff));
	assert_false(codes_hold(&machine.leaf, 0x200));
	assert_true(codes_hold(&machine.leaf, 0x300));
	assert_false(codes_hold(&machine.leaf, 0x400));
	assert_false(codes_hold(&machine.leaf, 0xff));
	assert_false(codes_hold(&machine.leaf, 0x500));
	assert_true(codes_hold(&machine.bulk, 0x5ff));
	assert_true(codes_begin(&machine.leaf, 0x300));
	assert_false(codes_begin(&machine.leaf, 0x301));
	assert_int_equal(machine_span(&machine, 0x700)->kind, SPAN_IRQ);
	assert_int_equal(machine_span(&machine, 0x100)->kind, SPAN_LOCK);
	assert_null(machine_span(&machine, 0x101));
}

static void refused(const char *text, const char *says)
{
	struct machine machine;
	char why[128] = "";

	assert_int_equal(machine_parse(&machine, text, why, sizeof(why)), -1);
	assert_string_equal(why, says);
}

// Each is the third line of a file.
static void test_bad_lines(void **state)
{
	static const char *const wrong[] = {
		"colour 3",
		"cpus",
		"cpus 0",
		"cpus 65",
		"cpus four",
		"cpus 4 4",
		"cpus -1",
		"cpus 4294967297",
		"socket 1",
		"socket 64 0",
		"socket 0 64",
		"socket 0 -1",
		"socket 0 1 2",
		"instruction_fs 0",
		"instruction_fs 1e6",
		"near_fs 1000000000001",
		"far_fs",
		"byte_fs 0x",
		"quantum_fs 0",
		"skew_seed 18446744073709551616",
		"most_lines 0",
		"most_lines 18446744073709551615",
		"range 0 0",
		"range 1 64",
		"range 64 65",
		"range 0xffffffffffffffc0 128",
		"leaf 2 1",
		"leaf 1 1",
		"leaf 1",
		"bulk 1 2 3",
		"span lock",
		"span mutex 1",
		"span lock x",
		"span irq 1 2",
		"peek",
		"peek 1 2",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		char text[256], says[128];

		snprintf(text, sizeof(text), "# one\nnear_fs 1\n%s # here\n",
			 wrong[i]);
		snprintf(says, sizeof(says),
			 "3: %.*s: is not known, or not in its range",
			 (int)strcspn(wrong[i], " "), wrong[i]);
		refused(text, says);
	}
}

static void test_missing(void **state)
{
	static const char *const parts[][2] = {
		{"cpus", "cpus 1\n"},
		{"instruction_fs", "instruction_fs 1\n"},
		{"quantum_fs", "quantum_fs 1\n"},
		{"most_lines", "most_lines 1\n"},
		{"range", "range 0 64\n"},
	};
	enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

	(void)state;
	for (int without = 0; without < PARTS; without++) {
		char text[256] = "", says[64];

		for (int i = 0; i < PARTS; i++)
			if (i != without)
				strcat(text, parts[i][1]);
		snprintf(says, sizeof(says), "%s: is missing",
			 parts[without][0]);
		refused(text, says);
	}
	refused("", "cpus: is missing");
}

static void test_long_line(void **state)
{
	char text[400];

	(void)state;
	memset(text, 'x', sizeof(text));
	text[255] = '\0';
	refused(text, "1: "
		      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		      "xxxxxxxx: is not known, or not in its range");
	text[255] = 'x';
	text[256] = '\0';
	refused(text, "1: is longer than 255 characters");
}

static void too_many(const char *line, int most)
{
	struct machine machine;
	char *text = calloc((size_t)most + 2, 64), why[128], says[128];

	for (int i = 0; i < most; i++)
		strcat(text, line);
	// All that can be are taken; then something else is missing.
	assert_int_equal(machine_parse(&machine, text, why, sizeof(why)), -1);
	assert_string_equal(why, "cpus: is missing");
	strcat(text, line);
	snprintf(says, sizeof(says),
		 "%d: %.*s: is not known, or not in its range", most + 1,
		 (int)strcspn(line, " "), line);
	refused(text, says);
	free(text);
}

static void test_too_many(void **state)
{
	(void)state;
	too_many("leaf 1 2\n", MACHINE_CODES);
	too_many("bulk 1 2\n", MACHINE_CODES);
	too_many("range 0 64\n", MACHINE_RANGES);
	too_many("span lock 1\n", MACHINE_SPANS);
	too_many("peek 1\n", MACHINE_PEEKS);
}

static void read_back(const char *text, size_t length, const char *says)
{
	char name[] = "/tmp/test_lockstep_machine.XXXXXX";
	const int fd = mkstemp(name);
	struct machine machine;
	char why[256] = "", whole[256];

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, length), length);
	close(fd);
	assert_int_equal(machine_read(&machine, name, why, sizeof(why)),
			 says ? -1 : 0);
	snprintf(whole, sizeof(whole), "%s:%s", name, says ? says : "");
	assert_string_equal(why, says ? whole : "");
	unlink(name);
}

static void test_read(void **state)
{
	struct machine machine;
	char why[128], *large = calloc(1, 1 << 17);

	(void)state;
	read_back(GOOD, strlen(GOOD), NULL);
	read_back("cpus 0\n", 7, "1: cpus: is not known, or not in its range");
	read_back("cpus 1\0\n", 8,
		  " cannot be read, or is not a text of at most 65536 bytes");
	memset(large, '\n', 1 << 17);
	read_back(large, 1 << 17,
		  " cannot be read, or is not a text of at most 65536 bytes");
	free(large);
	assert_int_equal(machine_read(&machine, "/no/such", why, sizeof(why)),
			 -1);
	assert_string_equal(why, "/no/such: No such file or directory");
	assert_int_equal(machine_read(&machine, "/", why, sizeof(why)), -1);
	assert_string_equal(why, "/: cannot be read, or is not a text of at "
				 "most 65536 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_codes),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_long_line),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
