// SPDX-License-Identifier: GPL-2.0-only
// The source tree that is compiled, and what is quoted of a compiler.
// LINK: workloads/swapbuild/tree.c workloads/lib/complaint.c
// LINK: workloads/lib/error.c
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "workloads/lib/complaint.h"
#include "workloads/swapbuild/source.h"
#include "workloads/swapbuild/tree.h"

static struct tree_text text_of(size_t size)
{
	struct tree_text text = {.data = malloc(size), .size = size};

	assert_non_null(text.data);
	return text;
}

static void test_follows_from_the_seed(void **state)
{
	struct tree_text one = text_of(TREE_MOST_BYTES);
	struct tree_text other = text_of(TREE_MOST_BYTES);

	(void)state;
	tree_unit(&one, 1, 3, 5);
	tree_unit(&other, 1, 3, 5);
	assert_int_equal(one.length, other.length);
	assert_memory_equal(one.data, other.data, one.length);
	tree_unit(&other, 1, 4, 5);
	assert_string_not_equal(one.data, other.data);
	tree_unit(&other, 2, 3, 5);
	assert_string_not_equal(one.data, other.data);
	free(one.data);
	free(other.data);
}

static void test_the_largest_fits(void **state)
{
	struct tree_text text = text_of(TREE_MOST_BYTES);

	(void)state;
	tree_header(&text, UINT64_MAX);
	assert_true(text.length > 500000 && text.length < text.size);
	tree_unit(&text, UINT64_MAX, SOURCE_MOST_UNITS - 1,
		  TREE_MOST_FUNCTIONS);
	assert_true(text.length > 100000 && text.length < text.size);
	free(text.data);
}

static void test_what_does_not_fit_is_told(void **state)
{
	(void)state;
	for (size_t size = 1; size < 3000; size += 7) {
		struct tree_text text = text_of(size);

		tree_unit(&text, 1, 0, 2);
		assert_true(text.length >= size);
		free(text.data);
	}
}

static void test_the_line_that_says_what_is_wrong(void **state)
{
	char several[] = "In file included from a.c:1:\na.h:2:1: error: x\nb\n";
	char first[] = "\nas: out of memory\nmore";
	char none[] = "";

	(void)state;
	assert_string_equal(complaint_line(several), "a.h:2:1: error: x");
	assert_string_equal(complaint_line(first), "as: out of memory");
	assert_string_equal(complaint_line(none), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_follows_from_the_seed),
		cmocka_unit_test(test_the_largest_fits),
		cmocka_unit_test(test_what_does_not_fit_is_told),
		cmocka_unit_test(test_the_line_that_says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
