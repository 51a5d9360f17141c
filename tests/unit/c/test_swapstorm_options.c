// SPDX-License-Identifier: GPL-2.0-only
// The command line: what each option asks for.
#include "tests/unit/c/storm_line.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_given),
		cmocka_unit_test(test_other_forms),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_what_is_timed),
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_help_and_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
