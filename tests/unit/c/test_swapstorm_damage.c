// SPDX-License-Identifier: GPL-2.0-only
// Planted damage: when it is found, how often it is counted.
#include "tests/unit/c/two_workers.h"

static void test_an_older_generation_is_stale(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];

	worker_write(w);
	w->generations[11]++;
	worker_verify(w);
	assert_int_equal(w->bad, 1);
	assert_int_equal(w->first_bad[0].kind, BAD_STALE);
	assert_int_equal(w->first_bad[0].expected.page, 11);
}

// Once, though the page is checked again when it has been written over.
static void damage_to_a_stamp(struct fixture *f)
{
	struct worker *w = &f->workers[0];

	f->crew.passes = 1;
	worker_write(w);
	stamp_write(&f->crew.content, page_of(w, 3),
		    &(struct stamp_id){1, 3, 1});
	memset(page_of(w, 5), 0, PAGE);
	page_of(w, 7)[20] ^= 2;
	page_of(w, 7)[PAGE - 1] ^= 2;
	worker_write(w);
	assert_int_equal(w->stamps, PAGES);
	assert_int_equal(w->bad, 3);
	assert_int_equal(w->first_bad[0].kind, BAD_FOREIGN);
	assert_int_equal(w->first_bad[0].expected.page, 3);
	assert_int_equal(w->first_bad[0].expected.generation, 1);
	assert_int_equal(w->first_bad[1].kind, BAD_LOST);
	assert_int_equal(w->first_bad[2].kind, BAD_CORRUPT);
	assert_int_equal(w->first_bad[2].offset, 20);
	assert_int_equal(w->first_bad[2].wrong_bits, 2);
	worker_verify(w);
	assert_int_equal(w->verified, 3 + PAGES);
	assert_int_equal(w->bad, 3);
}

static void test_damage_is_found_before_it_is_overwritten(void **state)
{
	damage_to_a_stamp(*state);
}

static void test_damage_to_stamps_alone(void **state)
{
	plain(*state);
	damage_to_a_stamp(*state);
}

// Damage behind the stamp outlives the writing of the next one.
static void test_damage_behind_a_stamp_stays(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];

	plain(f);
	f->crew.passes = 1;
	worker_write(w);
	page_of(w, 11)[2113] ^= 16;
	worker_write(w);
	assert_int_equal(w->bad, 0);
	worker_verify(w);
	assert_int_equal(w->bad, 1);
	assert_int_equal(w->first_bad[0].expected.page, 11);
	assert_int_equal(w->first_bad[0].expected.generation, 2);
	assert_int_equal(w->first_bad[0].offset, 2113);
	assert_int_equal(w->first_bad[0].wrong_bits, 1);
}

// A read that finds damage says so, though the page is then overwritten.
static void test_damage_is_found_when_it_is_read(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[0];

	f->crew.passes = 1;
	worker_write(w);
	page_of(w, 9)[PAGE - 1] ^= 4;
	walk(w, &pattern_sequential, 100);
	worker_write(w);
	assert_int_equal(w->read, PAGES);
	assert_int_equal(w->bad, 1);
	assert_int_equal(w->first_bad[0].expected.page, 9);
	assert_int_equal(w->first_bad[0].offset, PAGE - 1);
}

// One bad page is one, however often it is read before all is checked.
static void read_again(struct fixture *f)
{
	struct worker *w = &f->workers[0];
	struct pattern reads = pattern_readlater;
	uint64_t looked;

	f->crew.passes = 1;
	worker_write(w);
	page_of(w, 9)[PAGE - 1] ^= 4;
	memset(page_of(w, 12), 0, PAGE);
	walk(w, &pattern_sequential, 100);
	worker_write(w);
	// What readlater reads, and nothing that it writes.
	reads.rounds = 1;
	walk(w, &reads, 0);
	w->walk.at = PAGES;
	worker_write(w);
	assert_int_equal(w->read, 2 * PAGES);
	looked = w->verified;
	worker_verify(w);
	assert_int_equal(w->verified - looked, PAGES);
	assert_int_equal(w->bad, 2);
	assert_int_equal(w->first_bad[0].expected.page, 9);
	assert_int_equal(w->first_bad[0].offset, PAGE - 1);
	assert_int_equal(w->first_bad[1].expected.page, 12);
	assert_int_equal(w->first_bad[1].kind, BAD_LOST);
	// Damage that comes after it has been found is found, too.
	page_of(w, 9)[PAGE / 2] ^= 4;
	worker_verify(w);
	assert_int_equal(w->bad, 3);
	assert_int_equal(w->first_bad[2].offset, PAGE / 2);
}

static void test_damage_that_is_read_again_is_counted_once(void **state)
{
	read_again(*state);
}

static void test_damaged_stamps_that_are_read_again(void **state)
{
	plain(*state);
	read_again(*state);
}

static void test_all_damage_is_counted_the_first_kept(void **state)
{
	struct fixture *f = *state;
	struct worker *w = &f->workers[1];

	worker_write(w);
	for (uint64_t page = 10; page < 30; page += 2)
		page_of(w, page)[100] ^= 1;
	worker_verify(w);
	assert_int_equal(w->verified, PAGES);
	assert_int_equal(w->bad, 10);
	for (unsigned int i = 0; i < WORKER_FIRST_BAD; i++)
		assert_int_equal(w->first_bad[i].expected.page, 10 + 2 * i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CREW(test_an_older_generation_is_stale),
		WITH_CREW(test_damage_is_found_before_it_is_overwritten),
		WITH_CREW(test_damage_to_stamps_alone),
		WITH_CREW(test_damage_behind_a_stamp_stays),
		WITH_CREW(test_damage_is_found_when_it_is_read),
		WITH_CREW(test_damage_that_is_read_again_is_counted_once),
		WITH_CREW(test_damaged_stamps_that_are_read_again),
		WITH_CREW(test_all_damage_is_counted_the_first_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
