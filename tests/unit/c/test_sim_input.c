// SPDX-License-Identifier: GPL-2.0-only
// LINK: model/input.c model/line.c model/error.c
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

#define HEAD "swapsim 2\nns-per-instruction 0.5\nreclaim 100 exponential\n"
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
		"swapsim 2\n"
		"ns-per-instruction 0.25[0.2..0.5]\n"
		"reclaim 1.5e4 deterministic # and another\n"
		"fault 100[50..1e3] exponential\n"
		"sockets 2\ncores 18\n"
		"transfer-ns 40 110[100..150]\n"
		"lines-per-hold 1.5\nwake-ns 5000\n"
		"kswapd 2 10 20 30 32\n"
		"lock a acquisitions 2 hold 310 service exponential\n"
		"\tlock\tB_2 hold 9 service deterministic kind rwsem "
		"acquisitions 0.067[0.06..0.07] read-share 0.5 side fault "
		"instances 3 data 4[1..33]\n"
		"device-ns 400[300..500] 2\n"
		"workers 1 2 16\n"
		"seed 7\nseeds 3\npages 500\nwarmup-pages 0";
	struct scenario s;
	struct error error = {""};

	(void)state;
	if (parse(text, strlen(text), &s, &error))
		fail_msg("%s", error.line);
	assert_true(s.machine.ns_per_instruction.value == 0.25);
	assert_true(s.machine.ns_per_instruction.low == 0.2);
	assert_true(s.machine.ns_per_instruction.high == 0.5);
	assert_true(s.reclaim.value == 15000 && s.reclaim.low == 15000);
	assert_int_equal(s.reclaim_service, DETERMINISTIC);
	assert_true(s.fault.value == 100 && s.fault.high == 1000);
	assert_int_equal(s.fault_service, EXPONENTIAL);
	assert_int_equal(s.machine.sockets, 2);
	assert_int_equal(s.machine.cores, 18);
	assert_true(s.machine.near.value == 40 && s.machine.far.high == 150);
	assert_true(s.machine.lines.value == 1.5);
	assert_true(s.machine.wake.value == 5000);
	assert_int_equal(s.pool.kswapds, 2);
	assert_int_equal(s.pool.min, 10);
	assert_int_equal(s.pool.low, 20);
	assert_int_equal(s.pool.high, 30);
	assert_int_equal(s.pool.batch, 32);
	assert_int_equal(s.lock_count, 3);
	assert_string_equal(s.locks[0].name, "a");
	assert_int_equal(s.locks[0].instances, 1);
	assert_int_equal(s.locks[0].service, EXPONENTIAL);
	assert_int_equal(s.locks[0].kind, SPIN);
	assert_int_equal(s.locks[0].side, RECLAIM);
	assert_string_equal(s.locks[1].name, "B_2");
	assert_true(s.locks[1].acquisitions.value == 0.067);
	assert_true(s.locks[1].acquisitions.low == 0.06);
	assert_true(s.locks[1].hold.value == 9);
	assert_true(s.locks[1].read_share == 0.5);
	assert_true(s.locks[1].data.value == 4);
	assert_true(s.locks[1].data.high == 33);
	assert_true(s.locks[0].data.value == 1);
	assert_int_equal(s.locks[1].instances, 3);
	assert_int_equal(s.locks[1].service, DETERMINISTIC);
	assert_int_equal(s.locks[1].kind, RWSEM);
	assert_int_equal(s.locks[1].side, FAULT);
	assert_string_equal(s.locks[2].name, "device");
	assert_int_equal(s.locks[2].kind, DEVICE);
	assert_true(s.locks[2].hold.high == 500);
	assert_int_equal(s.locks[2].instances, 2);
	assert_true(s.locks[2].acquisitions.value == 1);
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
	assert_true(s.machine.near.value == 0 && s.machine.cores == 0);
	assert_int_equal(s.machine.sockets, 1);
	assert_int_equal(s.pool.kswapds, 0);
	assert_true(s.fault.value == 0);
	assert_int_equal(s.lock_count, 0);
	assert_int_equal(s.seed, 1);
	assert_int_equal(s.seeds, 8);
	assert_int_equal(s.pages, 100000);
	assert_int_equal(s.warmup, 20000);
}

static void test_the_file_as_a_whole(void **state)
{
	(void)state;
	complains("", "f:1: the file must begin with 'swapsim 2'");
	complains("\n# x\n", "f:2: the file must begin with 'swapsim 2'");
	complains("swapsim 3\n", "f:1: the file must begin with 'swapsim 2'");
	complains("workers 1\n", "f:1: the file must begin with 'swapsim 2'");
	complains("swapsim 2\n", "f:1: ns-per-instruction: missing");
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
	char wanted[160];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text),
			       "swapsim 2\nns-per-instruction %s\n", bad[i]);
		(void)snprintf(wanted, sizeof(wanted),
			       "f:2: ns-per-instruction: '%s' is not a number, "
			       "or one with its range as 3[2..5]",
			       bad[i]);
		complains(text, wanted);
	}
	complains("swapsim 2\nns-per-instruction 1e999\n",
		  "f:2: ns-per-instruction: 1e999 is not in 0.001..1000000");
	complains("swapsim 2\nns-per-instruction 0\n",
		  "f:2: ns-per-instruction: 0 is not in 0.001..1000000");
	complains("swapsim 2\nreclaim 0 exponential\n",
		  "f:2: reclaim: 0 is not in 0.001..1000000000");
	complains(GOOD "wake-ns 2e9\n",
		  "f:5: wake-ns: 2e9 is not in 0..1000000000");
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

static void test_ranges(void **state)
{
	static const char *const bad[] = {"3[2..]",   "3[..5]", "3[2..5",
					  "3[2-5]",   "3[2.5]", "3[2..5]x",
					  "3[2...5]", "[2..5]"};
	char text[128];
	char wanted[160];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text), GOOD "wake-ns %s\n", bad[i]);
		(void)snprintf(wanted, sizeof(wanted),
			       "f:5: wake-ns: '%s' is not a number, or one "
			       "with its range as 3[2..5]",
			       bad[i]);
		complains(text, wanted);
	}
	complains(GOOD "wake-ns 6[2..5]\n",
		  "f:5: wake-ns: 6[2..5] lies outside of its own range");
	complains(GOOD "wake-ns 3[5..2]\n",
		  "f:5: wake-ns: 3[5..2] lies outside of its own range");
	complains(GOOD "wake-ns 3[0..2e9]\n",
		  "f:5: wake-ns: 3[0..2e9] is not in 0..1000000000");
}

static void test_machine_and_pool(void **state)
{
	(void)state;
	complains(GOOD "sockets 0\n", "f:5: sockets: 0 is not in 1..16");
	complains(GOOD "cores 1 2\n", "f:5: cores: takes the form 'cores N'");
	complains(GOOD "transfer-ns 5\n",
		  "f:5: transfer-ns: takes the form 'transfer-ns NEAR FAR'");
	complains(GOOD "kswapd 1 2 3 4\n",
		  "f:5: kswapd: takes the form 'kswapd N MIN LOW HIGH BATCH'");
	complains(GOOD "kswapd 1 3 3 4 32\n",
		  "f:5: kswapd: min, low, high must ascend");
	complains(GOOD "kswapd 1 2 3 4 0\n",
		  "f:5: batch: 0 is not in 1..1073741824");
	complains(GOOD "device-ns\n", "f:5: device-ns: takes the form "
				      "'device-ns NS [DEVICES]'");
	complains(GOOD "device-ns 1 0\n",
		  "f:5: device-ns: 0 is not in 1..1048576");
	complains(GOOD "device-ns 1\n"
		       "lock device acquisitions 1 hold 1 service "
		       "exponential\n",
		  "f:6: lock: 'device' is there already");
}

static void test_forms(void **state)
{
	(void)state;
	complains("swapsim 2\nreclaim 5\n",
		  "f:2: reclaim: takes the form 'reclaim INSTRUCTIONS "
		  "SERVICE'");
	complains("swapsim 2\nreclaim 5 normal\n",
		  "f:2: service: 'normal' is not deterministic or exponential");
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
	complains(GOOD "lock\n",
		  "f:5: lock: takes the form 'lock NAME KEY VALUE ...'");
	complains(GOOD "lock a hold\n",
		  "f:5: lock: takes the form 'lock NAME KEY VALUE ...'");
	complains(GOOD "lock a\n",
		  "f:5: lock: takes at least acquisitions, hold and service");
	complains(GOOD "lock a hold 2 held 1\n",
		  "f:5: lock: 'held' is not acquisitions, hold, service, "
		  "instances, kind, read-share, side or data");
	complains(GOOD "lock a hold 2 hold 1\n",
		  "f:5: lock: hold: is there already");
	complains(GOOD "lock a kind semaphore\n",
		  "f:5: kind: 'semaphore' is not spin, mutex or rwsem");
	complains(GOOD "lock a side swap\n",
		  "f:5: side: 'swap' is not reclaim or fault");
	complains(GOOD "lock a acquisitions 1 hold 2 service exponential "
		       "read-share 0.5\n",
		  "f:5: lock: read-share: only a rwsem is read");
	complains(LOCK "lock a acquisitions 1 hold 2 service exponential\n",
		  "f:6: lock: 'a' is there already");
	complains(GOOD "lock a\"b acquisitions 1 hold 2 service exponential\n",
		  "f:5: lock: name 'a\"b' holds more than letters, digits and "
		  "'_'");
	complains(GOOD "lock a acquisitions 0 hold 2 service exponential\n",
		  "f:5: acquisitions: 0 is not in 1e-06..10000");
	complains(GOOD "lock a acquisitions 1 hold -2 service exponential\n",
		  "f:5: hold: '-2' is not a number, or one with its range as "
		  "3[2..5]");
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
	char text[2048] = "swapsim 2\n";
	struct scenario scenario;
	struct error error = {""};

	(void)state;
	complains("swapsim 2\n\033[2J\xff 1\n",
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
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_machine_and_pool),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_locks),
		cmocka_unit_test(test_too_many_locks),
		cmocka_unit_test(test_hostile_bytes),
		cmocka_unit_test(test_cut_files),
		cmocka_unit_test(test_a_file_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
