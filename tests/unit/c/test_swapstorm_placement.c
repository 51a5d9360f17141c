// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/swapstorm/placement.c
// LINK: workloads/lib/error.c
// Counting a region's pages by node, more of them than are asked for at once.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/mman.h>
#include <unistd.h>

#include "workloads/swapstorm/placement.h"

enum {
	PAGES = 1500,
	EVERY = 3, // is touched
	NO_NODE = 1000,
};

static void test_every_touched_page_is_counted_once(void **state)
{
	const size_t size = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *region = mmap(NULL, PAGES * size, PROT_READ | PROT_WRITE,
				     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct placement found;
	struct error error;

	(void)state;
	assert_true(region != MAP_FAILED);
	if (placement_check(&error))
		skip();
	found = placement_of(region, PAGES, size, 0);
	assert_int_equal(found.on_node + found.elsewhere, 0);
	madvise(region, PAGES * size, MADV_NOHUGEPAGE);
	for (size_t page = 0; page < PAGES; page += EVERY)
		region[page * size] = 1;
	found = placement_of(region, PAGES, size, 0);
	assert_int_equal(found.on_node + found.elsewhere, PAGES / EVERY);
	found = placement_of(region, PAGES, size, NO_NODE);
	assert_int_equal(found.on_node, 0);
	assert_int_equal(found.elsewhere, PAGES / EVERY);
	munmap(region, PAGES * size);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_touched_page_is_counted_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
