// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/lib/text.c
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "workloads/lib/text.h"

static char path[] = "/tmp/agent-text-XXXXXX";

static int set_up(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

static void test_read_and_write(void **state)
{
	char buffer[8];

	(void)state;
	assert_int_equal(text_write(path, "seven..\n"), 0);
	assert_int_equal(text_read(path, buffer, sizeof(buffer)), -1);
	assert_int_equal(errno, EFBIG);
	assert_int_equal(text_write(path, "six...\n"), 0);
	assert_int_equal(truncate(path, 7), 0);
	assert_int_equal(text_read(path, buffer, sizeof(buffer)), 7);
	assert_string_equal(buffer, "six...\n");
	assert_int_equal(text_read_line(path, buffer, sizeof(buffer)), 6);
	assert_string_equal(buffer, "six...");
}

static void test_not_there(void **state)
{
	char buffer[8];

	(void)state;
	assert_int_equal(text_read("/nonesuch", buffer, sizeof(buffer)), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(text_write("/nonesuch/x", "1"), -1);
	assert_int_equal(errno, ENOENT);
}

static void test_number(void **state)
{
	static const char *const bad[] = {
		"",   " 1", "1 ",  "+1",
		"-1", "1a", "0x1", "18446744073709551616"};
	uint64_t value;

	(void)state;
	assert_int_equal(text_number("0", &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(text_number("18446744073709551615", &value), 0);
	assert_true(value == UINT64_MAX);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(text_number(bad[i], &value), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_and_write),
		cmocka_unit_test(test_not_there),
		cmocka_unit_test(test_number),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
