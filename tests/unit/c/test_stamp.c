// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/lib/stamp.c workloads/lib/content.c
// Every way a page can come back wrong is seen, and named rightly.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "workloads/lib/stamp.h"

#define PAGE 4096u

static const struct stamp_id mine = {.thread = 3, .page = 77, .generation = 5};

// Aligned as a page is; exactly as long, so the sanitizer sees an overrun.
struct fixture {
	struct content content;
	unsigned char *page;
	struct finding finding;
};

static int set_up_with(void **state, unsigned int compressible, bool same)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->page = aligned_alloc(PAGE, PAGE);
	memset(f->page, 0, PAGE);
	f->content = content_make(42, PAGE, compressible, same);
	stamp_write(&f->content, f->page, &mine);
	*state = f;
	return 0;
}

static int set_up(void **state)
{
	return set_up_with(state, 0, false);
}

static int set_up_half(void **state)
{
	return set_up_with(state, 50, false);
}

static int set_up_bare(void **state)
{
	return set_up_with(state, 100, false);
}

static int set_up_same(void **state)
{
	return set_up_with(state, 0, true);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	free(f->page);
	free(f);
	return 0;
}

static bool good(struct fixture *f)
{
	return stamp_check(&f->content, f->page, &mine, &f->finding);
}

static void test_untouched_page_is_good(void **state)
{
	assert_true(good(*state));
}

static void test_round_trip_of_many(void **state)
{
	struct fixture *f = *state;

	for (uint64_t i = 0; i < 20000; i++) {
		struct stamp_id id = {(uint32_t)(i % 1024), i * i, 1 + i % 9};

		stamp_write(&f->content, f->page, &id);
		assert_true(
			stamp_check(&f->content, f->page, &id, &f->finding));
	}
}

static void test_single_bit_flip_anywhere_is_corrupt(void **state)
{
	struct fixture *f = *state;

	for (uint32_t offset = 0; offset < PAGE; offset++) {
		unsigned char bit = (unsigned char)(1u << (offset % 8));

		f->page[offset] ^= bit;
		assert_false(good(f));
		assert_int_equal(f->finding.kind, BAD_CORRUPT);
		assert_int_equal(f->finding.offset, offset);
		assert_int_equal(f->finding.wrong_bits, 1);
		assert_int_equal(f->finding.found_byte, f->page[offset]);
		f->page[offset] ^= bit;
		assert_int_equal(f->finding.expected_byte, f->page[offset]);
	}
	assert_true(good(f));
}

// A flipped bit in the stamp itself must not read as someone else's page.
static void test_every_bit_of_the_stamp(void **state)
{
	struct fixture *f = *state;

	for (uint32_t bit = 0; bit < STAMP_BYTES * 8; bit++) {
		f->page[bit / 8] ^= (unsigned char)(1u << (bit % 8));
		assert_false(good(f));
		assert_int_equal(f->finding.kind, BAD_CORRUPT);
		assert_int_equal(f->finding.offset, bit / 8);
		f->page[bit / 8] ^= (unsigned char)(1u << (bit % 8));
	}
}

static void test_two_flips_name_the_first(void **state)
{
	struct fixture *f = *state;

	f->page[PAGE - 1] ^= 0xff;
	f->page[2113] ^= 0x03;
	assert_false(good(f));
	assert_int_equal(f->finding.kind, BAD_CORRUPT);
	assert_int_equal(f->finding.offset, 2113);
	assert_int_equal(f->finding.wrong_bits, 10);
}

static void check_other(struct fixture *f, struct stamp_id other,
			enum bad_kind kind)
{
	stamp_write(&f->content, f->page, &other);
	assert_false(good(f));
	assert_int_equal(f->finding.kind, kind);
	assert_int_equal(f->finding.found.thread, other.thread);
	assert_int_equal(f->finding.found.page, other.page);
	assert_int_equal(f->finding.found.generation, other.generation);
	assert_int_equal(f->finding.expected.thread, mine.thread);
	assert_int_equal(f->finding.expected.page, mine.page);
	assert_int_equal(f->finding.expected.generation, mine.generation);
}

static void test_earlier_generation_is_stale(void **state)
{
	struct fixture *f = *state;

	check_other(f, (struct stamp_id){3, 77, 4}, BAD_STALE);
	assert_int_equal(f->finding.offset, 16);
	check_other(f, (struct stamp_id){3, 77, 1}, BAD_STALE);
}

static void test_other_thread_is_foreign(void **state)
{
	struct fixture *f = *state;

	check_other(f, (struct stamp_id){2, 77, 5}, BAD_FOREIGN);
	assert_int_equal(f->finding.offset, 4);
}

static void test_other_page_is_foreign(void **state)
{
	struct fixture *f = *state;

	check_other(f, (struct stamp_id){3, 78, 5}, BAD_FOREIGN);
	assert_int_equal(f->finding.offset, 8);
	check_other(f, (struct stamp_id){3, 78, 4}, BAD_FOREIGN);
}

static void test_zero_page_is_lost(void **state)
{
	struct fixture *f = *state;

	memset(f->page, 0, PAGE);
	assert_false(good(f));
	assert_int_equal(f->finding.kind, BAD_LOST);
	assert_int_equal(f->finding.offset, 0);
}

static void test_all_but_zero_is_not_lost(void **state)
{
	struct fixture *f = *state;

	memset(f->page, 0, PAGE);
	f->page[PAGE - 1] = 1;
	assert_false(good(f));
	assert_int_equal(f->finding.kind, BAD_CORRUPT);
}

// The right stamp over the content of another generation: a torn page.
static void test_torn_page_is_corrupt_at_the_tear(void **state)
{
	struct fixture *f = *state;
	_Alignas(PAGE) unsigned char old[PAGE];

	stamp_write(&f->content, old, &(struct stamp_id){3, 77, 4});
	memcpy(f->page + 512, old + 512, PAGE - 512);
	assert_false(good(f));
	assert_int_equal(f->finding.kind, BAD_CORRUPT);
	assert_in_range(f->finding.offset, 512, 520);
	assert_true(f->finding.wrong_bits > 10000);
}

// A page of another run (another seed) is not taken for one of ours.
static void test_other_seed_is_corrupt(void **state)
{
	struct fixture *f = *state;
	struct content other = f->content;

	other.seed = 43;
	stamp_write(&other, f->page, &mine);
	assert_false(good(f));
	assert_int_equal(f->finding.kind, BAD_CORRUPT);
}

static void test_content_differs_and_does_not_compress(void **state)
{
	struct fixture *f = *state;
	unsigned int seen[256] = {0};
	_Alignas(PAGE) unsigned char next[PAGE];

	stamp_write(&f->content, next, &(struct stamp_id){3, 78, 5});
	assert_memory_not_equal(f->page + STAMP_BYTES, next + STAMP_BYTES,
				PAGE - STAMP_BYTES);
	for (size_t i = STAMP_BYTES; i < PAGE; i++)
		seen[f->page[i]]++;
	// 15.9 of each value on average; 60 is eleven sigma away.
	for (size_t i = 0; i < 256; i++)
		assert_in_range(seen[i], 1, 60);
}

static void test_compressible_part_is_zero(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < PAGE / 2; i += 8)
		assert_memory_not_equal(f->page + i, "\0\0\0\0\0\0\0\0", 8);
	for (size_t i = PAGE / 2; i < PAGE; i++)
		assert_int_equal(f->page[i], 0);
}

static void test_only_the_stamp_is_left(void **state)
{
	struct fixture *f = *state;

	for (size_t i = STAMP_BYTES; i < PAGE; i++)
		assert_int_equal(f->page[i], 0);
}

static void test_shares_are_rounded_up_to_chunks(void **state)
{
	(void)state;
	assert_int_equal(content_make(1, PAGE, 0, false).random_chunks, 32);
	assert_int_equal(content_make(1, PAGE, 1, false).random_chunks, 32);
	assert_int_equal(content_make(1, PAGE, 99, false).random_chunks, 1);
	assert_int_equal(content_make(1, PAGE, 100, false).random_chunks, 0);
	assert_int_equal(content_make(1, 65536, 70, false).random_chunks, 154);
}

static void test_same_filled_is_one_word(void **state)
{
	struct fixture *f = *state;

	assert_true(content_is_same(&f->content, f->page));
	assert_memory_not_equal(f->page, "\0\0\0\0\0\0\0\0", 8);
}

// Its word tells whose it is, up to the largest numbers it has room for.
static void test_same_filled_of_others(void **state)
{
	static const struct {
		struct stamp_id id;
		enum bad_kind kind;
	} cases[] = {
		{{3, 77, 4}, BAD_STALE},
		{{3, 77, 1000000}, BAD_STALE},
		{{1023, 77, 5}, BAD_FOREIGN},
		{{3, (UINT64_C(1) << 34) - 1, 5}, BAD_FOREIGN},
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		stamp_write(&f->content, f->page, &cases[i].id);
		assert_false(good(f));
		assert_int_equal(f->finding.kind, cases[i].kind);
		assert_int_equal(f->finding.found.thread, cases[i].id.thread);
		assert_int_equal(f->finding.found.page, cases[i].id.page);
		assert_int_equal(f->finding.found.generation,
				 cases[i].id.generation);
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(bad_kind_name(BAD_LOST), "lost");
	assert_string_equal(bad_kind_name(BAD_STALE), "stale");
	assert_string_equal(bad_kind_name(BAD_FOREIGN), "foreign");
	assert_string_equal(bad_kind_name(BAD_CORRUPT), "corrupt");
}

#define WITH(f, set_up) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
#define WITH_PAGE(f)	WITH(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_PAGE(test_untouched_page_is_good),
		WITH_PAGE(test_round_trip_of_many),
		WITH_PAGE(test_single_bit_flip_anywhere_is_corrupt),
		WITH_PAGE(test_every_bit_of_the_stamp),
		WITH_PAGE(test_two_flips_name_the_first),
		WITH_PAGE(test_earlier_generation_is_stale),
		WITH_PAGE(test_other_thread_is_foreign),
		WITH_PAGE(test_other_page_is_foreign),
		WITH_PAGE(test_zero_page_is_lost),
		WITH_PAGE(test_all_but_zero_is_not_lost),
		WITH_PAGE(test_torn_page_is_corrupt_at_the_tear),
		WITH_PAGE(test_other_seed_is_corrupt),
		WITH_PAGE(test_content_differs_and_does_not_compress),
		WITH(test_round_trip_of_many, set_up_half),
		WITH(test_single_bit_flip_anywhere_is_corrupt, set_up_half),
		WITH(test_compressible_part_is_zero, set_up_half),
		WITH(test_round_trip_of_many, set_up_bare),
		WITH(test_single_bit_flip_anywhere_is_corrupt, set_up_bare),
		WITH(test_only_the_stamp_is_left, set_up_bare),
		cmocka_unit_test(test_shares_are_rounded_up_to_chunks),
		WITH(test_round_trip_of_many, set_up_same),
		WITH(test_single_bit_flip_anywhere_is_corrupt, set_up_same),
		WITH(test_zero_page_is_lost, set_up_same),
		WITH(test_same_filled_is_one_word, set_up_same),
		WITH(test_same_filled_of_others, set_up_same),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
