// SPDX-License-Identifier: GPL-2.0-only
// LINK: model/input.c model/error.c
/* The input file of swapsim: what it means, and each way to get it wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model/input.h"

#define HEAD "swapsim 1\nns-per-instruction 0.5\nprivate 100 exponential\n"
#define GOOD HEAD "workers 1 2\n"

static int parse(const char *text, size_t length, struct scenario *scenario,
		 struct error *error)
{
	/* On the heap and without an end, so that ASan sees a step too far. */
	char *copy = malloc(length ? length : 1);
	int failed;

	assert_non_null(copy);
	memcpy(copy, text, length);
	failed = input_parse("f", copy, length, scenario, error);
	free(copy);
	return failed;
}

static void complains(const char *text, const char *wanted)
{
	struct scenario scenario;
	struct error error = {""};

	assert_int_equal(parse(text, strlen(text), &scenario, &error), -1);
	assert_string_equal(error.line, wanted);
}

static void test_every_key(void **state)
{
	static const char text[] =
		"# a comment\n"
		"\n"
		"swapsim 1\n"
		"ns-per-instruction 0.25\n"
		"private 1.5e4 deterministic # and another\n"
		"hand-over-ns 40\n"
		"lock a acquisitions 2 hold 310 service exponential\n"
		"\tlock\tB_2 acquisitions 0.067 hold 9 service deterministic "
		"instances 3\n"
		"workers 1 2 16\n"
		"seed 7\nseeds 3\npages 500\nwarmup-pages 0";
	struct scenario s;
	struct error error = {""};

	(void)state;
	assert_int_equal(parse(text, strlen(text), &s, &error), 0);
	assert_true(s.ns_per_instruction == 0.25);
	assert_true(s.private_work == 15000);
	assert_int_equal(s.private_service, DETERMINISTIC);
	assert_true(s.hand_over == 40);
	assert_int_equal(s.lock_count, 2);
	assert_string_equal(s.locks[0].name, "a");
	assert_int_equal(s.locks[0].instances, 1);
	assert_int_equal(s.locks[0].service, EXPONENTIAL);
	assert_string_equal(s.locks[1].name, "B_2");
	assert_true(s.locks[1].acquisitions == 0.067);
	assert_true(s.locks[1].hold == 9);
	assert_int_equal(s.locks[1].instances, 3);
	assert_int_equal(s.locks[1].service, DETERMINISTIC);
	assert_int_equal(s.worker_counts, 3);
	assert_int_equal(s.workers[2], 16);
	assert_int_equal(s.seed, 7);
	assert_int_equal(s.seeds, 3);
	assert_int_equal(s.pages, 500);
	assert_int_equal(s.warmup, 0);
}

static void test_what_is_not_given(void **state)
{
	struct scenario s;
	struct error error = {""};

	(void)state;
	assert_int_equal(parse(GOOD, strlen(GOOD), &s, &error), 0);
	assert_true(s.hand_over == 0);
	assert_int_equal(s.lock_count, 0);
	assert_int_equal(s.seed, 1);
	assert_int_equal(s.seeds, 8);
	assert_int_equal(s.pages, 10000);
	assert_int_equal(s.warmup, 1000);
}

static void test_the_file_as_a_whole(void **state)
{
	(void)state;
	complains("", "f:1: the file must begin with 'swapsim 1'");
	complains("\n# x\n", "f:2: the file must begin with 'swapsim 1'");
	complains("swapsim 2\n", "f:1: the file must begin with 'swapsim 1'");
	complains("workers 1\n", "f:1: the file must begin with 'swapsim 1'");
	complains("swapsim 1\n", "f:1: ns-per-instruction: missing");
	complains(HEAD, "f:3: workers: missing");
	complains(GOOD "workers 1\n", "f:5: workers: is there already");
	complains(GOOD "wrokers 1\n",
		  "f:5: 'wrokers' is not known here; see swapsim(1)");
}

static void test_numbers(void **state)
{
	static const char *const bad[] = {"nan", "inf",	  "0x10", "-1",
					  "1e",	 "1.2.3", "+1",	  "1k"};
	char text[128];
	char wanted[128];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text),
			       "swapsim 1\nns-per-instruction %s\n", bad[i]);
		(void)snprintf(wanted, sizeof(wanted),
			       "f:2: ns-per-instruction: '%s' is not a number",
			       bad[i]);
		complains(text, wanted);
	}
	complains("swapsim 1\nns-per-instruction 1e999\n",
		  "f:2: ns-per-instruction: 1e999 is not in 0.001..1000000");
	complains("swapsim 1\nns-per-instruction 0\n",
		  "f:2: ns-per-instruction: 0 is not in 0.001..1000000");
	complains("swapsim 1\nprivate 0 exponential\n",
		  "f:2: private: 0 is not in 0.001..1000000000");
	complains(GOOD "hand-over-ns 2e9\n",
		  "f:5: hand-over-ns: 2e9 is not in 0..1000000000");
	complains(GOOD "seeds 0\n", "f:5: seeds: 0 is not in 1..1000");
	complains(GOOD "seeds 1.5\n",
		  "f:5: seeds: '1.5' is not a whole number");
	complains(GOOD "pages 99999999999999999999\n",
		  "f:5: pages: 99999999999999999999 is not in 1..100000000");
	complains(GOOD "warmup-pages -1\n",
		  "f:5: warmup-pages: '-1' is not a whole number");
	complains(GOOD "seed 4294967295\n",
		  "f:5: seed: 4294967295 is not in 0..4294966295");
}

static void test_forms(void **state)
{
	(void)state;
	complains("swapsim 1\nprivate 5\n",
		  "f:2: private: takes the form 'private INSTRUCTIONS "
		  "SERVICE'");
	complains("swapsim 1\nprivate 5 normal\n",
		  "f:2: service: 'normal' is not exponential or deterministic");
	complains(HEAD "workers\n", "f:4: workers: takes 1 to 64 numbers");
	complains(HEAD "workers 2 2\n", "f:4: workers: 2: must ascend");
	complains(HEAD "workers 1 1025\n",
		  "f:4: workers: 1025 is not in 1..1024");
	complains(GOOD "seed\n", "f:5: seed: takes the form 'seed N'");
}

#define LOCK GOOD "lock a acquisitions 1 hold 2 service exponential\n"

static void test_locks(void **state)
{
	(void)state;
	complains(GOOD "lock a\n",
		  "f:5: lock: takes the form 'lock NAME acquisitions PER-PAGE "
		  "hold INSTRUCTIONS service SERVICE [instances N]'");
	complains(GOOD "lock a hold 2 acquisitions 1 service exponential\n",
		  "f:5: lock: 'acquisitions', 'hold', 'service' and "
		  "'instances' come in this order");
	complains(LOCK "lock a acquisitions 1 hold 2 service exponential\n",
		  "f:6: lock: 'a' is there already");
	complains(GOOD "lock a\"b acquisitions 1 hold 2 service exponential\n",
		  "f:5: lock: name 'a\"b' holds more than letters, digits and "
		  "'_'");
	complains(GOOD "lock a acquisitions 0 hold 2 service exponential\n",
		  "f:5: acquisitions: 0 is not in 1e-06..10000");
	complains(GOOD "lock a acquisitions 1 hold -2 service exponential\n",
		  "f:5: hold: '-2' is not a number");
	complains(GOOD "lock a acquisitions 1 hold 2 service exponential "
		       "instances 0\n",
		  "f:5: instances: 0 is not in 1..1048576");
	complains(GOOD
		  "lock "
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaaaaaaaaa acquisitions 1 hold 2 service x\n",
		  "f:5: lock: name "
		  "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...' is over 64 "
		  "characters");
}

static void test_too_many_locks(void **state)
{
	char text[8192] = GOOD;
	size_t used = strlen(text);

	(void)state;
	for (int i = 0; i <= MAX_LOCKS; i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used,
			"lock l%d acquisitions 1 hold 2 service exponential\n",
			i);
	complains(text, "f:69: lock: more than 64 locks");
}

static void test_hostile_bytes(void **state)
{
	static const char zero[] = GOOD "se\0eds 1\n";
	char text[2048] = "swapsim 1\n";
	struct scenario scenario;
	struct error error = {""};

	(void)state;
	complains("swapsim 1\n\033[2J\xff 1\n",
		  "f:2: '\\x1b[2J\\xff' is not known here; see swapsim(1)");
	assert_int_equal(parse(zero, sizeof(zero) - 1, &scenario, &error), -1);
	assert_string_equal(error.line, "f:5: holds a zero byte");
	memset(text + 10, 'x', 1024);
	complains(text, "f:2: is over 1023 characters");
	for (size_t i = 10; i < 1000; i += 2)
		memcpy(text + i, "y ", 2);
	text[1000] = '\0';
	complains(text, "f:2: has more than 66 words");
}

/* Every prefix of a good file is refused in one line or taken; none crashes. */
static void test_cut_files(void **state)
{
	for (size_t length = 0; length <= strlen(LOCK); length++) {
		struct scenario scenario;
		struct error error = {""};

		(void)state;
		if (parse(LOCK, length, &scenario, &error))
			assert_memory_equal(error.line, "f:", 2);
		else
			assert_true(scenario.worker_counts > 0);
	}
}

static void test_a_file_that_is_not_there(void **state)
{
	struct scenario scenario;
	struct error error = {""};

	(void)state;
	assert_int_equal(input_read("no/such", &scenario, &error), -1);
	assert_string_equal(
		error.line,
		"no/such: cannot be read: No such file or directory");
	assert_int_equal(input_read("/", &scenario, &error), -1);
	assert_string_equal(error.line, "/: cannot be read: Is a directory");
	assert_int_equal(input_read("/dev/zero", &scenario, &error), -1);
	assert_string_equal(error.line, "/dev/zero: is over 65536 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_key),
		cmocka_unit_test(test_what_is_not_given),
		cmocka_unit_test(test_the_file_as_a_whole),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_too_many_locks),
		cmocka_unit_test(test_hostile_bytes),
		cmocka_unit_test(test_cut_files),
		cmocka_unit_test(test_a_file_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
