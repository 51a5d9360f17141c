// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/swaptorture/churn.c workloads/swaptorture/torture_region.c
// LINK: workloads/swaptorture/torture.c workloads/swaptorture/torture_tally.c
// LINK: workloads/lib/stamp.c workloads/lib/content.c
// LINK: workloads/lib/error.c
// Regions with planted damage, and a thread's work that looks at every page.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "workloads/swaptorture/churn.h"

#define PAGE  ((size_t)4096)
#define PAGES ((size_t)600)

struct fixture {
	struct torture torture;
	struct churn churn;
	_Atomic uint64_t progress;
};

static void *shared(size_t bytes)
{
	return mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct error error;

	f->torture.content = content_make(9, PAGE, 0, false);
	f->torture.tally = shared(sizeof(*f->torture.tally));
	f->torture.progress = &f->progress;
	f->torture.deadline_ns = UINT64_MAX;
	assert_int_equal(
		region_map(&f->churn.region, &f->torture, 7, PAGES, &error), 0);
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	region_unmap(&f->churn.region);
	munmap(f->torture.tally, sizeof(*f->torture.tally));
	free(f);
	return 0;
}

static void test_a_flip_is_found(void **state)
{
	struct fixture *f = *state;
	struct region *region = &f->churn.region;
	struct tally *tally = f->torture.tally;

	assert_int_equal((uintptr_t)region->bytes % (2 << 20), 0);
	region_write(region, 5);
	region_write(region, 5);
	region_check(region, 5);
	assert_int_equal(tally->bad, 0);
	region->bytes[5 * PAGE + 2113] ^= 0x10;
	region_check(region, 5);
	region_check_freed(region, 5);
	assert_int_equal(tally->verified, 3);
	assert_int_equal(tally->bad, 2);
	assert_int_equal(tally->first_bad[0].kind, BAD_CORRUPT);
	assert_int_equal(tally->first_bad[0].offset, 2113);
	assert_int_equal(tally->first_bad[0].expected.thread, 7);
	assert_int_equal(tally->first_bad[0].expected.page, 5);
	assert_int_equal(tally->first_bad[0].expected.generation, 2);
	assert_int_equal(f->progress, 5);
}

static void test_zeroes_are_right_only_where_freed(void **state)
{
	struct fixture *f = *state;
	struct region *region = &f->churn.region;

	region_write(region, 0);
	memset(region->bytes, 0, PAGE);
	region_check_freed(region, 0);
	assert_int_equal(f->torture.tally->bad, 0);
	region_check(region, 0);
	assert_int_equal(f->torture.tally->bad, 1);
	assert_int_equal(f->torture.tally->first_bad[0].kind, BAD_LOST);
}

// More findings than there is room for are counted all the same.
static void test_many_bad_pages(void **state)
{
	struct fixture *f = *state;
	struct region *region = &f->churn.region;

	for (size_t page = 0; page < 2 * TALLY_FIRST_BAD; page++) {
		region_write(region, page);
		region->bytes[page * PAGE + 100] ^= 1;
		region_check(region, page);
	}
	assert_int_equal(f->torture.tally->bad, 2 * TALLY_FIRST_BAD);
	assert_int_equal(
		f->torture.tally->first_bad[TALLY_FIRST_BAD - 1].expected.page,
		TALLY_FIRST_BAD - 1);
}

static void run(struct fixture *f, unsigned int ops, uint64_t steps)
{
	f->churn.ops = ops;
	f->churn.steps = steps;
	f->churn.random = 1;
	churn_run(&f->churn);
}

static void test_every_op_keeps_every_page(void **state)
{
	struct fixture *f = *state;
	struct tally *tally = f->torture.tally;

	run(f, CHURN_PAGEOUT | CHURN_COLD | CHURN_FREE | CHURN_FORK, 40);
	assert_int_equal(tally->bad, 0);
	assert_true(tally->verified >= PAGES + 40 * 64);
	assert_true(tally->pageouts > 0);
	assert_true(tally->forks > 0);
	assert_false(tally->cut);
}

static void test_seed_decides_the_work(void **state)
{
	struct fixture *f = *state;
	struct tally *tally = f->torture.tally;

	run(f, CHURN_PAGEOUT | CHURN_FREE, 20);
	uint64_t once = tally->verified, pageouts = tally->pageouts;

	run(f, CHURN_PAGEOUT | CHURN_FREE, 20);
	assert_int_equal(tally->verified, 2 * once);
	assert_int_equal(tally->pageouts, 2 * pageouts);
}

// What is begun is still checked, and the tally says that there was no more.
static void test_time_is_up(void **state)
{
	struct fixture *f = *state;
	struct tally *tally = f->torture.tally;

	f->torture.deadline_ns = 0;
	run(f, CHURN_PAGEOUT, 1000);
	assert_true(tally->cut);
	assert_int_equal(tally->verified, PAGES);
	assert_int_equal(tally->pageouts, 0);
}

// Statuses as waitpid(2) gives them.
static void test_children_whose_memory_failed(void **state)
{
	struct fixture *f = *state;
	struct tally *tally = f->torture.tally;

	assert_true(tally_child(tally, 7));   // SIGBUS
	assert_true(tally_child(tally, 139)); // SIGSEGV, core dumped
	assert_false(tally_child(tally, 9));
	assert_false(tally_child(tally, 0));
	assert_false(tally_child(tally, 7 << 8));
	assert_int_equal(tally->killed, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_flip_is_found),
		TEST(test_zeroes_are_right_only_where_freed),
		TEST(test_many_bad_pages),
		TEST(test_every_op_keeps_every_page),
		TEST(test_seed_decides_the_work),
		TEST(test_time_is_up),
		TEST(test_children_whose_memory_failed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
