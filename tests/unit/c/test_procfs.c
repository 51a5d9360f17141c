// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/lib/procfs.c workloads/lib/error.c workloads/lib/text.c
// Counters from text of /proc, whole and broken.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "workloads/lib/procfs.h"

static void test_field(void **state)
{
	static const char text[] = "nr_free_pages 17\npswpin 3\n"
				   "pswpout 18446744073709551615\n"
				   "MemTotal:   246 kB\nempty \nword x\ncut 12";
	uint64_t value = 0;

	(void)state;
	assert_true(procfs_field(text, "nr_free_pages", &value));
	assert_int_equal(value, 17);
	assert_true(procfs_field(text, "pswpin", &value));
	assert_int_equal(value, 3);
	assert_true(procfs_field(text, "pswpout", &value));
	assert_true(value == UINT64_MAX);
	assert_true(procfs_field(text, "MemTotal", &value));
	assert_int_equal(value, 246);
	assert_false(procfs_field(text, "pswp", &value));
	assert_false(procfs_field(text, "free_pages", &value));
	assert_false(procfs_field(text, "word", &value));
	assert_false(procfs_field(text, "cut", &value));
	// The number of the next line is not this one's.
	assert_false(procfs_field("empty \n12 x\n", "empty", &value));
	assert_false(procfs_field("", "pswpin", &value));
}

static void test_number(void **state)
{
	static const char vmstat[] = "nr_oom_kill 7\noom_kill 3\n"
				     "oom_kill_other 5\n";

	(void)state;
	assert_int_equal(procfs_number(vmstat, "oom_kill"), 3);
	assert_int_equal(procfs_number(vmstat, "oom_kill_other"), 5);
	assert_int_equal(procfs_number(vmstat, "oom"), 0);
	assert_int_equal(procfs_number("MemTotal:     175424 kB\n", "MemTotal"),
			 175424);
	assert_int_equal(procfs_number("", "x"), 0);
	assert_int_equal(procfs_number(NULL, "x"), 0);
}

static void test_sum(void **state)
{
	(void)state;
	assert_int_equal(procfs_sum("allocstall_dma 3\nx 5\n"
				    "allocstall_normal 4\nallocstall 100",
				    "allocstall"),
			 7);
	assert_int_equal(procfs_sum("allocstall\nx 1\n", "allocstall"), 0);
	assert_int_equal(procfs_sum("", "allocstall"), 0);
}

static struct vmstat *vmstat_of(const char *text)
{
	struct vmstat *vmstat = calloc(1, sizeof(*vmstat));

	vmstat->fd = memfd_create("vmstat", MFD_CLOEXEC);
	assert_int_equal(write(vmstat->fd, text, strlen(text)), strlen(text));
	return vmstat;
}

static void drop(struct vmstat *vmstat)
{
	close(vmstat->fd);
	free(vmstat);
}

static void test_detail(void **state)
{
	struct vmstat *vmstat =
		vmstat_of("nr_free_pages 17\npswpin 3\npswpout 44\n"
			  "allocstall_dma 1\nallocstall_movable 20\n");
	struct reading reading = {0};
	struct detail detail = {0};
	struct error error;

	(void)state;
	assert_int_equal(vmstat_read_detail(vmstat, &reading, &detail, &error),
			 0);
	assert_int_equal(reading.pswpout, 44);
	assert_int_equal(detail.free_pages, 17);
	assert_int_equal(detail.allocstall, 21);
	drop(vmstat);
}

static void test_reading(void **state)
{
	struct vmstat *vmstat =
		vmstat_of("nr_free_pages 17\npswpin 3\npswpout 44\nmore 1\n");
	struct reading reading = {0};
	struct error error;
	uint64_t before = clock_ns();

	(void)state;
	assert_int_equal(vmstat_read(vmstat, &reading, &error), 0);
	assert_int_equal(reading.pswpin, 3);
	assert_int_equal(reading.pswpout, 44);
	assert_in_range(reading.t_ns, before, clock_ns());
	// And again, from the beginning.
	assert_int_equal(
		pwrite(vmstat->fd, "nr_free_pages 17\npswpin 5", 25, 0), 25);
	assert_int_equal(vmstat_read(vmstat, &reading, &error), 0);
	assert_int_equal(reading.pswpin, 5);
	drop(vmstat);
}

static void check_refused(const char *text)
{
	struct vmstat *vmstat = vmstat_of(text);
	struct reading reading;
	struct error error;

	assert_int_equal(vmstat_read(vmstat, &reading, &error), -1);
	assert_non_null(strstr(error.line, "CONFIG_VM_EVENT_COUNTERS"));
	drop(vmstat);
}

static void test_without_the_counters(void **state)
{
	(void)state;
	check_refused("");
	check_refused("nr_free_pages 17\n");
	check_refused("pswpin 3\npswpout 4");
}

static void test_endless_file(void **state)
{
	size_t length = 3 * sizeof(((struct vmstat *)NULL)->text);
	char *text = malloc(length + 1);

	(void)state;
	memset(text, 'x', length);
	text[length] = '\0';
	check_refused(text);
	free(text);
}

static void test_unreadable(void **state)
{
	struct vmstat vmstat = {.fd = -1};
	struct reading reading;
	struct error error;

	(void)state;
	assert_int_equal(vmstat_read(&vmstat, &reading, &error), -1);
	assert_string_equal(error.line, "/proc/vmstat: Bad file descriptor");
}

static void test_this_machine(void **state)
{
	struct memory memory;
	struct error error;

	(void)state;
	assert_int_equal(procfs_memory(&memory, &error), 0);
	assert_true(memory.available > 0);
	assert_true(memory.total >= memory.available);
	assert_int_equal(memory.total / sysconf(_SC_PAGESIZE),
			 sysconf(_SC_PHYS_PAGES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_field),
		cmocka_unit_test(test_number),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_detail),
		cmocka_unit_test(test_reading),
		cmocka_unit_test(test_without_the_counters),
		cmocka_unit_test(test_endless_file),
		cmocka_unit_test(test_unreadable),
		cmocka_unit_test(test_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
