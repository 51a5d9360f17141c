// SPDX-License-Identifier: GPL-2.0-only
// LINK: runner/agent/counters.c runner/agent/settings.c workloads/lib/text.c
// LINK: runner/agent/channel.c workloads/lib/frame.c workloads/lib/error.c
// LINK: workloads/lib/wait.c
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runner/agent/counters.h"
#include "runner/agent/settings.h"
#include "workloads/lib/text.h"

static char folder[] = "/tmp/counters-XXXXXX";

static void put(const char *name, const char *text)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	put("b", "2\n");
	put("a", "1 2\n3\n");
	put("empty", "");
	return 0;
}

static int remove_folder(void **state)
{
	static const char *const names[] = {"a", "b", "empty"};
	char path[64];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		unlink(path);
	}
	return rmdir(folder);
}

static void test_folders_and_files(void **state)
{
	static struct counters counters;
	struct job job = {.collect = {folder, "/no/such/folder"},
			  .collect_count = 2};
	char text[256], wanted[256];

	(void)state;
	counters_find(&counters, &job);
	assert_int_equal(counters.count, 3);
	ssize_t length = counters_read(&counters, text, sizeof(text));

	snprintf(wanted, sizeof(wanted), "%s/a 1 2 3\n%s/b 2\n%s/empty \n",
		 folder, folder, folder);
	assert_int_equal(length, strlen(wanted));
	assert_string_equal(text, wanted);
	assert_int_equal(counters_read(&counters, text, 8), -1);
}

static void test_a_setting_keeps_its_errno(void **state)
{
	char path[64];
	struct job job = {.setting_count = 2};

	(void)state;
	snprintf(path, sizeof(path), "%s/b", folder);
	job.settings[0] = (struct setting){.path = path, .value = "7"};
	job.settings[1] =
		(struct setting){.path = "/no/such/file", .value = "7"};
	settings_apply(&job);
	assert_int_equal(job.settings[0].failed, 0);
	assert_int_not_equal(job.settings[1].failed, 0);
	assert_int_equal(text_read_line(path, path, sizeof(path)), 1);
	assert_string_equal(path, "7");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_folders_and_files),
		cmocka_unit_test(test_a_setting_keeps_its_errno),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
