// SPDX-License-Identifier: GPL-2.0-only
// The command line: what is wrong with it, in one line.
#include "tests/unit/c/storm_line.h"

static void test_mistakes(void **state)
{
	static const struct {
		const char *line;
		const char *error;
	} cases[] = {
		{"--threads 0", "--threads: 0 is not in 1..1024"},
		{"--threads 1025", "--threads: 1025 is not in 1..1024"},
		{"--threads -1", "--threads: '-1' is not a whole number"},
		{"--threads 2x", "--threads: '2x' is not a whole number"},
		{"--threads=", "--threads: '' is not a whole number"},
		{"--threads 99999999999999999999",
		 "--threads: 99999999999999999999 is not in 1..1024"},
		{"--threads", "--threads: needs a value"},
		{"--passes 0", "--passes: 0 is not in 1..1000000"},
		{"--sample-ms 0", "--sample-ms: 0 is not in 1..10000"},
		{"--seed 18446744073709551616",
		 "--seed: 18446744073709551616 is not in "
		 "0..18446744073709551615"},
		{"--size-per-thread 0",
		 "--size-per-thread: 0 is not in 1..64T"},
		{"--size-per-thread 65T",
		 "--size-per-thread: 65T is not in 1..64T"},
		{"--size-per-thread 18446744073709551615G",
		 "--size-per-thread: 18446744073709551615G is not in 1..64T"},
		{"--size-per-thread 18446744073709551617",
		 "--size-per-thread: 18446744073709551617 is not in 1..64T"},
		{"--size-per-thread 4k",
		 "--size-per-thread: '4k' is not a size such as 64M"},
		{"--size-per-thread 4KB",
		 "--size-per-thread: '4KB' is not a size such as 64M"},
		{"--size-per-thread M",
		 "--size-per-thread: 'M' is not a size such as 64M"},
		{"--ratio 0", "--ratio: 0 is not above 0 and up to 64"},
		{"--ratio 64.000001",
		 "--ratio: 64.000001 is not above 0 and up to 64"},
		{"--ratio nan",
		 "--ratio: 'nan' is not a number with up to six decimals"},
		{"--ratio -1",
		 "--ratio: '-1' is not a number with up to six decimals"},
		{"--ratio 1.",
		 "--ratio: '1.' is not a number with up to six decimals"},
		{"--ratio 1e3",
		 "--ratio: '1e3' is not a number with up to six decimals"},
		{"--ratio 1.0000001",
		 "--ratio: '1.0000001' is not a number with up to six "
		 "decimals"},
		{"--time 86401", "--time: 86401 is not above 0 and up to "
				 "86400"},
		{"--time 0.0", "--time: 0.0 is not above 0 and up to 86400"},
		{"--notify-fd 1", "--notify-fd: 1 is not in 3..65535"},
		{"--notify-fd 3,4", "--notify-fd: '3,4' is not a whole number"},
		{"--progress-fd 2", "--progress-fd: 2 is not in 3..65535"},
		{"--size-per-thread 1M --ratio 1",
		 "--size-per-thread and --ratio: give one"},
		{"--passes 1 --time 1", "--passes and --time: give one"},
		{"--notify-fd 6 --progress-fd 6",
		 "--notify-fd and --progress-fd: 6 cannot be both"},
		{"--frobnicate",
		 "--frobnicate: unknown option; see swapstorm --help"},
		{"--a-very-long-option-that-nobody-would-ever-think-of=1",
		 "--a-very-long-option-that-nobody-would-e: unknown option; "
		 "see swapstorm --help"},
		{"--pattern zpif",
		 "--pattern: 'zpif' is not one of sequential, strided, random, "
		 "zipf, hotcold, mix, readlater (did you mean zipf?)"},
		{"--format xml",
		 "--format: 'xml' is not one of auto, json, table"},
		{"--pattern squential",
		 "--pattern: 'squential' is not one of sequential, strided, "
		 "random, zipf, hotcold, mix, readlater (did you mean "
		 "sequential?)"},
		{"--stride 4", "--stride: is for --pattern strided, not for "
			       "sequential"},
		{"--pattern zipf --hot-pages 4",
		 "--hot-pages: is for --pattern hotcold, not for zipf"},
		{"--pattern readlater --reads 4",
		 "--reads: --pattern readlater decides that by itself"},
		{"--rate 0", "--rate: 0 is not in 1..1000000000"},
		{"--series-ms 0", "--series-ms: 0 is not in 1..3600000"},
		{"--cpus 3,3", "--cpus: '3,3' is not a list such as 0-3,8 of "
			       "numbers below 1024, each once"},
		{"--cpus 1-", "--cpus: '1-' is not a list such as 0-3,8 of "
			      "numbers below 1024, each once"},
		{"--cpus 4-2", "--cpus: '4-2' is not a list such as 0-3,8 of "
			       "numbers below 1024, each once"},
		{"--cpus 1024", "--cpus: '1024' is not a list such as 0-3,8 of "
				"numbers below 1024, each once"},
		{"--cpus 0,", "--cpus: '0,' is not a list such as 0-3,8 of "
			      "numbers below 1024, each once"},
		{"--cpus x", "--cpus: 'x' is not a list such as 0-3,8 of "
			     "numbers below 1024, each once"},
		{"--cpus 1-3-5",
		 "--cpus: '1-3-5' is not a list such as 0-3,8 of "
		 "numbers below 1024, each once"},
		{"--cpus ,1", "--cpus: ',1' is not a list such as 0-3,8 of "
			      "numbers below 1024, each once"},
		{"--cpus 99999999999",
		 "--cpus: '99999999999' is not a list such as 0-3,8 of "
		 "numbers below 1024, each once"},
		{"--region shard",
		 "--region: 'shard' is not one of private, shared, cow"},
		{"--thp maybe",
		 "--thp: 'maybe' is not one of never, madvise, always, system"},
		{"--region cow",
		 "--region: cow: only a process has a parent's memory to copy; "
		 "give --processes"},
		{"--reads 101", "--reads: 101 is not in 0..100"},
		{"--compressible 50 --same-filled",
		 "--compressible and --same-filled: give one"},
		{"--bare --verify", "--bare and --verify: give one"},
		{"--pattern zipf --bare", "--bare and --pattern: give one"},
		{"--together --pattern zipf",
		 "--together and --pattern: give one"},
		{"--together --reads 5", "--together and --reads: give one"},
		{"--together --time 1", "--together and --time: give one"},
		{"--together --passes 2",
		 "--together: who is fast writes more, once; leave --passes "
		 "out"},
		{"--together --processes --region cow",
		 "--together: what --region=cow writes is there already; "
		 "leave it out"},
		{"--settle much", "--settle: 'much' is not a size such as 64M"},
		{"--latency --bare", "--bare and --latency: give one"},
		{"--verify=1", "--verify=1: unknown option; see swapstorm "
			       "--help"},
		{"4", "4: unknown option; see swapstorm --help"},
	};
	struct options o;
	struct error e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].line, &o, &e), OPTIONS_BAD);
		assert_string_equal(e.line, cases[i].error);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
