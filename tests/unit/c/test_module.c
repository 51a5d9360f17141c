// SPDX-License-Identifier: GPL-2.0-only
// LINK: runner/agent/module.c workloads/lib/text.c workloads/lib/error.c

// Lists of modules that cannot be loaded; one that can be is a guest's affair.
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "runner/agent/module.h"

static char list[] = "/tmp/agent-modules-XXXXXX";
static struct error fault;

static void write_list(const char *text)
{
	FILE *file = fopen(list, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	const int failed = fclose(file);

	assert_int_equal(failed, 0);
}

static void test_no_list(void **state)
{
	(void)state;
	assert_int_equal(module_load("/nowhere/modules", &fault), 0);
}

static void test_empty(void **state)
{
	(void)state;
	write_list("");
	assert_int_equal(module_load(list, &fault), 0);
}

static void test_missing(void **state)
{
	(void)state;
	write_list("/nowhere/x.ko a=1 b=2\n");
	assert_int_equal(module_load(list, &fault), -1);
	assert_string_equal(fault.code, "module");
	assert_string_equal(fault.line, "/nowhere/x.ko: open: No such file or "
					"directory");
}

static void test_not_a_module(void **state)
{
	(void)state;
	write_list("/proc/self/comm\n/nowhere/x.ko\n");
	assert_int_equal(module_load(list, &fault), -1);
	assert_string_equal(fault.code, "module");
	assert_non_null(strstr(fault.line, "/proc/self/comm: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_list),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_not_a_module),
	};
	int fd = mkstemp(list);

	if (fd < 0)
		return 1;
	close(fd);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	unlink(list);
	return failed;
}
