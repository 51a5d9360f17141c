// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/swapstorm/options.c workloads/lib/number.c
// LINK: workloads/swapstorm/pattern.c workloads/swapstorm/pattern_sequential.c
// LINK: workloads/swapstorm/pattern_strided.c
// LINK: workloads/swapstorm/pattern_random.c workloads/swapstorm/pattern_zipf.c
// LINK: workloads/swapstorm/pattern_hotcold.c workloads/swapstorm/pattern_mix.c
// LINK: workloads/swapstorm/pattern_readlater.c
// LINK: workloads/swapstorm/layout.c workloads/swapstorm/list.c
// LINK: workloads/lib/memcg.c
// LINK: workloads/lib/error.c
// The command line, and the sizes that follow from it.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "workloads/swapstorm/layout.h"
#include "workloads/lib/memcg.h"
#include "workloads/swapstorm/options.h"

static enum options_action parse(const char *line, struct options *options,
				 struct error *error)
{
	static char words[256];
	char *argv[32] = {(char *)"swapstorm"};
	int argc = 1;

	strncpy(words, line, sizeof(words) - 1);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	error->line[0] = '\0';
	return options_parse(argc, argv, options, error);
}

static void test_defaults(void **state)
{
	struct options o;
	struct error e;

	(void)state;
	assert_int_equal(parse("", &o, &e), OPTIONS_RUN);
	assert_int_equal(o.threads, 1);
	assert_int_equal(o.size_per_thread, 0);
	assert_int_equal(o.ratio_micro, 2000000);
	assert_int_equal(o.passes, 1);
	assert_int_equal(o.time_limit_us, 0);
	assert_int_equal(o.settle, 0);
	assert_false(o.together);
	assert_int_equal(o.seed, 1);
	assert_int_equal(o.sample_ms, 20);
	assert_ptr_equal(o.pattern, &pattern_sequential);
	assert_int_equal(o.settings.read_percent, 0);
	assert_int_equal(o.compressible, 100);
	assert_false(o.bare);
	assert_int_equal(o.format, FORMAT_AUTO);
	assert_false(o.same_filled);
	assert_false(o.verify);
	assert_false(o.allow_oom);
	assert_int_equal(o.notify_fd, -1);
	assert_int_equal(o.progress_fd, -1);
}

static void test_all_given(void **state)
{
	struct options o;
	struct error e;

	(void)state;
	assert_int_equal(parse("--threads 1024 --ratio 1.25 --passes 3 "
			       "--verify --seed 18446744073709551615 "
			       "--sample-ms 5 --notify-fd 3 --progress-fd 4 "
			       "--allow-oom",
			       &o, &e),
			 OPTIONS_RUN);
	assert_int_equal(o.threads, 1024);
	assert_int_equal(o.ratio_micro, 1250000);
	assert_int_equal(o.passes, 3);
	assert_true(o.verify);
	assert_true(o.allow_oom);
	assert_true(o.seed == UINT64_MAX);
	assert_int_equal(o.sample_ms, 5);
	assert_int_equal(o.notify_fd, 3);
	assert_int_equal(o.progress_fd, 4);
}

static void test_other_forms(void **state)
{
	struct options o;
	struct error e;

	(void)state;
	assert_int_equal(parse("--threads=7 --size-per-thread=3G --time=0.25 "
			       "--notify-fd=5",
			       &o, &e),
			 OPTIONS_RUN);
	assert_int_equal(o.threads, 7);
	assert_int_equal(o.size_per_thread, 3ull << 30);
	assert_int_equal(o.time_limit_us, 250000);
	assert_int_equal(o.passes, 0);
	assert_int_equal(o.notify_fd, 5);
}

static void test_patterns(void **state)
{
	struct options o;
	struct error e;

	(void)state;
	assert_int_equal(
		parse("--pattern zipf --zipf-theta 1.2 --reads 30", &o, &e),
		OPTIONS_RUN);
	assert_ptr_equal(o.pattern, &pattern_zipf);
	assert_int_equal(o.settings.zipf_theta_micro, 1200000);
	assert_int_equal(o.settings.read_percent, 30);
	assert_int_equal(parse("--pattern=mix --compressible 60", &o, &e),
			 OPTIONS_RUN);
	assert_int_equal(o.settings.read_percent, 50);
	assert_int_equal(o.compressible, 60);
	assert_int_equal(parse("--pattern=mix --reads=0", &o, &e), OPTIONS_RUN);
	assert_int_equal(o.settings.read_percent, 0);
	assert_int_equal(parse("--pattern hotcold --hot-pages 5 --hot-accesses "
			       "99 --hot-shift 0 --same-filled",
			       &o, &e),
			 OPTIONS_RUN);
	assert_int_equal(o.settings.hot_percent, 5);
	assert_int_equal(o.settings.hot_accesses, 99);
	assert_int_equal(o.settings.hot_shift, 0);
	assert_true(o.same_filled);
}

static void test_places(void **state)
{
	static const uint16_t cpus[] = {0, 1, 2, 3, 8, 6, 1023};
	struct options o;
	struct error e;

	(void)state;
	assert_int_equal(parse("", &o, &e), OPTIONS_RUN);
	assert_false(o.processes);
	assert_int_equal(o.region, REGION_PRIVATE);
	assert_int_equal(o.thp, THP_NEVER);
	assert_int_equal(o.pageout, 0);
	assert_int_equal(o.memcg, 0);
	assert_int_equal(o.cpus.count, 0);
	assert_int_equal(o.nodes.count, 0);
	assert_int_equal(parse("--processes --region cow --thp always "
			       "--pageout 64 --memcg 96M --nodes 1 "
			       "--cpus 0-3,8,6,1023",
			       &o, &e),
			 OPTIONS_RUN);
	assert_true(o.processes);
	assert_int_equal(o.region, REGION_COW);
	assert_int_equal(o.thp, THP_ALWAYS);
	assert_int_equal(o.pageout, 64);
	assert_int_equal(o.memcg, 96 << 20);
	assert_int_equal(o.cpus.count, 7);
	assert_memory_equal(o.cpus.numbers, cpus, sizeof(cpus));
	assert_int_equal(list_at(&o.cpus, 4), 8);
	assert_int_equal(list_at(&o.cpus, 7), 0);
	assert_int_equal(list_at(&o.nodes, 5), 1);
}

static void test_ratio_of_a_group(void **state)
{
	const struct memory machine = {.total = 256ull << 20};
	struct options o;
	struct error e;
	uint64_t pages = 0;

	(void)state;
	parse("--threads 2 --ratio 1.5 --memcg 64M", &o, &e);
	assert_int_equal(layout_pages(&o, &machine, 4096, &pages, &e), 0);
	assert_int_equal(pages, 12288);
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

static void test_what_is_timed(void **state)
{
	struct options o;
	struct error e;

	(void)state;
	assert_int_equal(parse("", &o, &e), OPTIONS_RUN);
	assert_false(o.latency);
	assert_int_equal(o.rate, 0);
	assert_int_equal(o.series_ms, 0);
	assert_int_equal(parse("--latency --rate 5000 --series-ms 100", &o, &e),
			 OPTIONS_RUN);
	assert_true(o.latency);
	assert_int_equal(o.rate, 5000);
	assert_int_equal(o.series_ms, 100);
}

static void test_sizes(void **state)
{
	static const struct {
		const char *line;
		uint64_t bytes;
	} cases[] = {
		{"--size-per-thread 1", 1},
		{"--size-per-thread 4097", 4097},
		{"--size-per-thread 5K", 5 << 10},
		{"--size-per-thread 64M", 64 << 20},
		{"--size-per-thread 64T", 64ull << 40},
		{"--size-per-thread 65536G", 64ull << 40},
	};
	struct options o;
	struct error e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].line, &o, &e), OPTIONS_RUN);
		assert_true(o.size_per_thread == cases[i].bytes);
	}
}

static void test_help_and_version(void **state)
{
	struct options o;
	struct error e;

	(void)state;
	assert_int_equal(parse("--help", &o, &e), OPTIONS_HELP);
	assert_int_equal(parse("--threads 2 --version", &o, &e),
			 OPTIONS_VERSION);
}

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

static const struct memory machine = {
	.total = 256ull << 20,
	.available = 240ull << 20,
	.swap_free = 512ull << 20,
};

static void test_ratio_is_split_into_whole_pages(void **state)
{
	struct options o;
	struct error e;
	uint64_t pages = 0;

	(void)state;
	parse("--threads 3 --ratio 2.5", &o, &e);
	assert_int_equal(layout_pages(&o, &machine, 4096, &pages, &e), 0);
	assert_int_equal(pages, 163840 / 3);
}

static void test_size_is_rounded_up_to_whole_pages(void **state)
{
	struct options o;
	struct error e;
	uint64_t pages = 0;

	(void)state;
	parse("--threads 3 --size-per-thread 4097", &o, &e);
	assert_int_equal(layout_pages(&o, &machine, 4096, &pages, &e), 0);
	assert_int_equal(pages, 2);
	parse("--size-per-thread 1", &o, &e);
	assert_int_equal(layout_pages(&o, &machine, 65536, &pages, &e), 0);
	assert_int_equal(pages, 1);
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
	parse("--threads 655 --ratio 0.01", &o, &e);
	assert_int_equal(layout_pages(&o, &machine, 4096, &pages, &e), 0);
	assert_int_equal(pages, 1);
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
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_given),
		cmocka_unit_test(test_other_forms),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_ratio_of_a_group),
		cmocka_unit_test(test_mounts),
		cmocka_unit_test(test_what_is_timed),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_help_and_version),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_ratio_is_split_into_whole_pages),
		cmocka_unit_test(test_size_is_rounded_up_to_whole_pages),
		cmocka_unit_test(test_more_threads_than_pages),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_address_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
