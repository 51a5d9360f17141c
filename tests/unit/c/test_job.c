// SPDX-License-Identifier: GPL-2.0-only
// LINK: runner/agent/job.c workloads/lib/text.c workloads/lib/error.c
// LINK: workloads/lib/device.c workloads/lib/wait.c
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "runner/agent/job.h"
#include "workloads/lib/swap.h"

#define GOOD_HEAD                  \
	"swapscale-job 1\n"        \
	"device pmem-legacy\n"     \
	"device-bytes 536870912\n" \
	"lock-stat 1\n"            \
	"heartbeat-ms 250\n"
#define GOOD                                                         \
	GOOD_HEAD "arg /bin/swapstorm\narg --note\narg a b  c\n"     \
		  "set /sys/a [x] y\nset /proc/sys/b 1\n"            \
		  "tool before fio\ntool-arg /bin/fio\ntool-arg x\n" \
		  "tool-env JOBS=2\ntool window perf-2\ntool-arg /p\nend\n"

static struct error fault;

// The text lies at the end of an allocation of its size, so that the address
// sanitizer sees a read past it.
static int parse(struct job *job, const char *text, size_t length, char **copy)
{
	*copy = malloc(length ? length : 1);
	assert_non_null(*copy);
	memcpy(*copy, text, length);
	return job_parse(job, *copy, length, &fault);
}

static void test_good(void **state)
{
	struct job job;
	char *copy;

	(void)state;
	assert_int_equal(parse(&job, GOOD, strlen(GOOD), &copy), 0);
	assert_int_equal(job.area_count, 1);
	assert_int_equal(job.areas[0].device.kind, DEVICE_PMEM_LEGACY);
	assert_int_equal(job.areas[0].device.bytes, 536870912);
	assert_int_equal(job.areas[0].device.number, DEVICE_ALONE);
	assert_int_equal(job.areas[0].priority, SWAP_KERNELS_PRIORITY);
	assert_true(job.lock_stat);
	assert_int_equal(job.heartbeat_ms, 250);
	assert_string_equal(job.argv[0], "/bin/swapstorm");
	assert_string_equal(job.argv[1], "--note");
	assert_string_equal(job.argv[2], "a b  c");
	assert_null(job.argv[3]);
	assert_int_equal(job.setting_count, 2);
	assert_string_equal(job.settings[0].path, "/sys/a");
	assert_string_equal(job.settings[0].value, "[x] y");
	assert_string_equal(job.settings[1].path, "/proc/sys/b");
	assert_int_equal(job.tool_count, 2);
	assert_int_equal(job.tools[0].when, TOOL_BEFORE);
	assert_string_equal(job.tools[0].name, "fio");
	assert_string_equal(job.tools[0].argv[1], "x");
	assert_null(job.tools[0].argv[2]);
	assert_string_equal(job.tools[0].env[0], "JOBS=2");
	assert_int_equal(job.tools[1].when, TOOL_WINDOW);
	assert_string_equal(job.tools[1].name, "perf-2");
	assert_null(job.tools[1].env[0]);
	free(copy);
}

#define AREA(kind, more) "device " kind "\ndevice-bytes 40960\n" more

static void test_areas(void **state)
{
	static const char text[] =
		GOOD_HEAD "device-priority 0\n" AREA("pmem", "")
			AREA("zram", "device-priority 32767\n") AREA("pmem", "")
				AREA("pmem", "") "arg x\nend\n";
	static const int numbers[] = {DEVICE_ALONE, 0, DEVICE_ALONE, 1, 2},
			 priorities[] = {0, -1, 32767, -1, -1};
	struct job job;
	char *copy;

	(void)state;
	assert_int_equal(parse(&job, text, strlen(text), &copy), 0);
	assert_int_equal(job.area_count, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(job.areas[i].device.number, numbers[i]);
		assert_int_equal(job.areas[i].priority, priorities[i]);
	}
	assert_int_equal(job.areas[2].device.kind, DEVICE_ZRAM);
	assert_int_equal(job.areas[2].device.bytes, 40960);
	free(copy);
}

static void test_area_count(void **state)
{
	char text[2048] = "swapscale-job 1\n";
	struct job job;
	char *copy;

	(void)state;
	for (int i = 0; i <= JOB_MAX_AREAS; i++)
		strcat(text, AREA("brd", ""));
	assert_int_equal(parse(&job, text, strlen(text), &copy), -1);
	assert_string_equal(fault.line, "line 18: device: more than 8 of them");
	free(copy);
}

// Whatever its last byte, a file that is cut short is never taken for whole.
static void test_every_truncation(void **state)
{
	(void)state;
	for (size_t length = 0; length < strlen(GOOD); length++) {
		struct job job;
		char *copy;

		assert_int_equal(parse(&job, GOOD, length, &copy), -1);
		assert_string_equal(fault.code, "job");
		free(copy);
	}
}

struct bad {
	const char *text, *says;
};

static void test_bad(void **state)
{
	static const struct bad cases[] = {
		{"swapscale-job 2\nend\n", "line 1: is not 'swapscale-job 1'"},
		{"\n", "line 1: is not 'swapscale-job 1'"},
		{"swapscale-job 1\nend\n", "device: missing"},
		{GOOD_HEAD "end\n", "arg: missing"},
		{GOOD "arg x\n", "line 17: more after 'end'"},
		{"swapscale-job 1\ndevice\n", "line 2: device: no value"},
		{"swapscale-job 1\ndevice tape\n",
		 "line 2: device: not one of pmem, pmem-legacy, brd, zram, "
		 "virtio-blk, nvme"},
		{"swapscale-job 1\ndevice brd\ndevice brd\n",
		 "line 3: device: the one before it has no device-bytes"},
		{"swapscale-job 1\ndevice brd\ndevice-bytes 40960\n"
		 "device-bytes 40960\n",
		 "line 4: device-bytes: given twice"},
		{"swapscale-job 1\ndevice brd\ndevice-priority 1\n"
		 "device-priority 1\n",
		 "line 4: device-priority: given twice"},
		{"swapscale-job 1\ndevice brd\ndevice-priority 32768\n",
		 "line 3: device-priority: not in 0..32767"},
		{"swapscale-job 1\ndevice brd\ndevice-priority -1\n",
		 "line 3: device-priority: not in 0..32767"},
		{"swapscale-job 1\ndevice-bytes 40960\n",
		 "line 2: device-bytes: no device before it"},
		{"swapscale-job 1\ndevice brd\ndevice-bytes 4097\n",
		 "line 3: device-bytes: not a multiple of 4096 of at least ten "
		 "pages"},
		{"swapscale-job 1\ndevice brd\ndevice-bytes 36864\n",
		 "line 3: device-bytes: not a multiple of 4096 of at least ten "
		 "pages"},
		{"swapscale-job 1\ndevice brd\ndevice-bytes 17592186044416\n",
		 "line 3: device-bytes: not a multiple of 4096 of at least ten "
		 "pages"},
		{"swapscale-job 1\ndevice brd\ndevice-bytes "
		 "18446744073709551616\n",
		 "line 3: device-bytes: not a multiple of 4096 of at least ten "
		 "pages"},
		{"swapscale-job 1\nlock-stat 2\n",
		 "line 2: lock-stat: not 0 or 1"},
		{"swapscale-job 1\nlock-stat yes\n",
		 "line 2: lock-stat: not 0 or 1"},
		{"swapscale-job 1\nheartbeat-ms 9\n",
		 "line 2: heartbeat-ms: not in 10..10000"},
		{"swapscale-job 1\nheartbeat-ms -250\n",
		 "line 2: heartbeat-ms: not in 10..10000"},
		{"swapscale-job 1\ncolour red\n",
		 "line 2: colour: unknown key"},
		{"swapscale-job 1\narg a\tb\n", "line 2: control character"},
		{"swapscale-job 1\ntool-arg x\n",
		 "line 2: tool-arg: no tool before it"},
		{"swapscale-job 1\ntool-env A=1\n",
		 "line 2: tool-env: no tool before it"},
		{"swapscale-job 1\nset proc 1\n",
		 "line 2: set: not PATH VALUE"},
		{"swapscale-job 1\nset /proc\n", "line 2: set: not PATH VALUE"},
		{"swapscale-job 1\ntool before\n",
		 "line 2: tool: not WHEN NAME"},
		{"swapscale-job 1\ntool before a.b\n",
		 "line 2: tool: not WHEN NAME"},
		{"swapscale-job 1\ntool never fio\n",
		 "line 2: tool: not one of provision, before, beside, window, "
		 "after"},
		{"swapscale-job 1\ntool before fio\ntool-env A\n",
		 "line 3: tool-env: not NAME=VALUE"},
		{GOOD_HEAD "arg x\ntool before fio\nend\n",
		 "tool-arg: missing"},
		{"swapscale-job 1\nend", "line 2: cut short or too long"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct job job;
		char *copy;

		assert_int_equal(parse(&job, cases[i].text,
				       strlen(cases[i].text), &copy),
				 -1);
		assert_string_equal(fault.code, "job");
		assert_string_equal(fault.line, cases[i].says);
		free(copy);
	}
}

static void test_nul_inside(void **state)
{
	static const char text[] = "swapscale-job 1\narg a\0b\n";
	struct job job;
	char *copy;

	(void)state;
	assert_int_equal(parse(&job, text, sizeof(text) - 1, &copy), -1);
	assert_string_equal(fault.line, "line 2: control character");
	free(copy);
}

// A line of the given length, in a job that is good but for it.
static int parse_line_of(size_t length)
{
	static char text[3 * JOB_MAX_LINE];
	struct job job;
	char *copy;
	int used = snprintf(text, sizeof(text), GOOD_HEAD "arg ");

	memset(text + used, 'x', length - 4);
	snprintf(text + used + length - 4, 16, "\nend\n");
	int result = parse(&job, text, strlen(text), &copy);

	free(copy);
	return result;
}

static void test_line_length(void **state)
{
	(void)state;
	assert_int_equal(parse_line_of(JOB_MAX_LINE), 0);
	assert_int_equal(parse_line_of(JOB_MAX_LINE + 1), -1);
	assert_string_equal(fault.line, "line 6: cut short or too long");
}

static int parse_args(int count)
{
	static char text[4096];
	struct job job;
	char *copy;
	size_t used = (size_t)snprintf(text, sizeof(text), GOOD_HEAD);

	for (int i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "arg %d\n", i);
	snprintf(text + used, sizeof(text) - used, "end\n");
	int result = parse(&job, text, strlen(text), &copy);

	if (!result)
		assert_null(job.argv[count]);
	free(copy);
	return result;
}

static void test_argument_count(void **state)
{
	(void)state;
	assert_int_equal(parse_args(JOB_MAX_ARGS), 0);
	assert_int_equal(parse_args(JOB_MAX_ARGS + 1), -1);
	assert_string_equal(fault.line, "line 70: arg: more than 64 of them");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_areas),
		cmocka_unit_test(test_area_count),
		cmocka_unit_test(test_every_truncation),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_nul_inside),
		cmocka_unit_test(test_line_length),
		cmocka_unit_test(test_argument_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
