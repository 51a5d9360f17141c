// SPDX-License-Identifier: GPL-2.0-only
// Sizes that follow from the command line, and whether there is room.
#include "tests/unit/c/storm_line.h"
#include "workloads/lib/memcg.h"
#include "workloads/swapstorm/layout.h"

static const struct memory machine = {
	.total = 256ull << 20,
	.available = 240ull << 20,
	.swap_free = 512ull << 20,
};

static uint64_t pages_of(const char *line, uint64_t page_size)
{
	struct options o;
	struct error e;
	uint64_t pages = 0;

	parse(line, &o, &e);
	assert_int_equal(layout_pages(&o, &machine, page_size, &pages, &e), 0);
	return pages;
}

static void test_ratio_of_a_group(void **state)
{
	(void)state;
	assert_int_equal(pages_of("--threads 2 --ratio 1.5 --memcg 64M", 4096),
			 12288);
}

static void test_mounts(void **state)
{
	char root[24] = "";

	(void)state;
	assert_true(memcg_find_root("proc /proc proc rw 0 0\n"
				    "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0\n",
				    root, sizeof(root)));
	assert_string_equal(root, "/sys/fs/cgroup");
	assert_false(memcg_find_root("cgroup /sys/fs/cgroup cgroup rw 0 0\n",
				     root, sizeof(root)));
	assert_false(memcg_find_root("cgroup2 /sys/fs/cgroup cgroup2 rw", root,
				     sizeof(root)));
	assert_false(memcg_find_root("x /a/name/that/does/not/fit cgroup2 rw\n",
				     root, sizeof(root)));
	assert_false(memcg_find_root("", root, sizeof(root)));
	assert_false(memcg_find_root("one\ntwo three\n", root, sizeof(root)));
}

static void test_ratio_is_split_into_whole_pages(void **state)
{
	(void)state;
	assert_int_equal(pages_of("--threads 3 --ratio 2.5", 4096), 163840 / 3);
}

static void test_size_is_rounded_up_to_whole_pages(void **state)
{
	(void)state;
	assert_int_equal(pages_of("--threads 3 --size-per-thread 4097", 4096),
			 2);
	assert_int_equal(pages_of("--size-per-thread 1", 65536), 1);
}

static void test_more_threads_than_pages(void **state)
{
	struct options o;
	struct error e;
	uint64_t pages = 0;

	(void)state;
	parse("--threads 656 --ratio 0.01", &o, &e);
	assert_int_equal(layout_pages(&o, &machine, 4096, &pages, &e), -1);
	assert_string_equal(e.line, "--threads: 656 threads are more than the "
				    "655 pages that --ratio gives");
	assert_int_equal(pages_of("--threads 655 --ratio 0.01", 4096), 1);
}

static void test_room(void **state)
{
	struct error e;

	(void)state;
	assert_int_equal(layout_room(&machine, 752ull << 20, &e), 0);
	assert_int_equal(layout_room(&machine, (752ull << 20) + 4096, &e), -1);
	assert_string_equal(e.line,
			    "regions of 752M in all do not fit into 240M of "
			    "available RAM and 512M of free swap; add swap, "
			    "ask for less, or give --allow-oom");
}

static void test_address_space(void **state)
{
	struct error e;

	(void)state;
	assert_int_equal(layout_addresses(1 << 20, &e), 0);
	assert_int_equal(layout_addresses(1ull << 57, &e), -1);
	assert_string_equal(e.line, "regions of 137438953472M do not fit into "
				    "an address space: Cannot allocate memory; "
				    "ask for less");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ratio_of_a_group),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_ratio_is_split_into_whole_pages),
		cmocka_unit_test(test_size_is_rounded_up_to_whole_pages),
		cmocka_unit_test(test_more_threads_than_pages),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_address_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
