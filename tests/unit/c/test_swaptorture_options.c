// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/swaptorture/torture_options.c
// LINK: workloads/swaptorture/scenario.c
// LINK: workloads/swaptorture/torture.c workloads/swaptorture/torture_tally.c
// LINK: workloads/swaptorture/vmcounts.c workloads/swaptorture/writers.c
// LINK: workloads/swaptorture/shared.c workloads/swaptorture/advice.c
// LINK: workloads/swaptorture/swapoff.c workloads/swaptorture/refused.c
// LINK: workloads/swaptorture/full.c workloads/swaptorture/nodes.c
// LINK: workloads/swaptorture/merged.c workloads/swaptorture/poisoned.c
// LINK: workloads/swaptorture/child.c
// LINK: workloads/swaptorture/knobs.c workloads/swaptorture/swaps.c
// LINK: workloads/swaptorture/crew.c workloads/swaptorture/churn.c
// LINK: workloads/swaptorture/torture_region.c workloads/lib/error.c
// LINK: workloads/lib/procfs.c workloads/lib/stamp.c workloads/lib/content.c
// LINK: workloads/lib/text.c workloads/lib/device.c workloads/lib/swap.c
// LINK: workloads/lib/frame.c workloads/lib/wait.c
// The command line.
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tests/unit/c/cutline.h"
#include "workloads/swaptorture/torture_options.h"

static enum options_action parse(const char *line, struct options *options,
				 struct error *error)
{
	char *argv[LINE_WORDS] = {(char *)"swaptorture"};
	const int argc = line_cut(line, argv);

	error->line[0] = '\0';
	return options_parse(argc, argv, options, error);
}

static void test_defaults(void **state)
{
	struct options o;
	struct error e;

	(void)state;
	assert_int_equal(parse("--scenarios writers", &o, &e), OPTIONS_RUN);
	assert_int_equal(o.scenarios, 1);
	assert_int_equal(o.threads, 2);
	assert_int_equal(o.rounds, 1);
	assert_int_equal(o.size, 0);
	assert_int_equal(o.seed, 1);
	assert_int_equal(o.limit_s, 60);
	assert_false(o.guest);
	assert_false(o.mglru);
	assert_false(o.huge);
	assert_int_equal(o.progress_fd, -1);
}

static void test_all_given(void **state)
{
	struct options o;
	struct error e;

	(void)state;
	assert_int_equal(parse("--guest --scenarios nodes,shared --threads 64 "
			       "--rounds 1000 --size 1048576 --seed 0 --limit "
			       "86400 --lru mglru --thp always --groups v1 "
			       "--progress-fd 4",
			       &o, &e),
			 OPTIONS_RUN);
	assert_int_equal(o.scenarios, 1 << 6 | 1 << 1);
	assert_int_equal(o.threads, 64);
	assert_int_equal(o.rounds, 1000);
	assert_int_equal(o.size, 1 << 20);
	assert_int_equal(o.seed, 0);
	assert_int_equal(o.limit_s, 86400);
	assert_true(o.guest && o.mglru && o.huge);
	assert_int_equal(o.progress_fd, 4);
}

static void test_wrong(void **state)
{
	static const struct {
		const char *line, *says;
	} cases[] = {
		{"", "--scenarios: name at least one; see swaptorture --help"},
		{"--scenarios writer",
		 "--scenarios: 'writer' is none; see swaptorture --help"},
		{"--scenarios writersx",
		 "--scenarios: 'writersx' is none; see swaptorture --help"},
		{"--scenarios writers,", "--scenarios: ends with a comma"},
		{"--scenarios", "--scenarios: needs a value"},
		{"--scenarios swapoff",
		 "--scenarios: swapoff changes the machine: only with --guest"},
		{"--scenarios shared --thp always",
		 "--lru, --thp and --groups change the machine: only with "
		 "--guest"},
		{"--scenarios shared --groups v1",
		 "--lru, --thp and --groups change the machine: only with "
		 "--guest"},
		{"--guest --groups v3", "--groups: 'v3' is not v2 or v1"},
		{"--lru new", "--lru: 'new' is not classic or mglru"},
		{"--threads 0", "--threads: '0' is not in 1..64"},
		{"--rounds -1", "--rounds: '-1' is not in 1..1000"},
		{"--size 4096",
		 "--size: '4096' is not in 1048576..17592186044416"},
		{"--progress-fd 2", "--progress-fd: '2' is not in 3..65535"},
		{"--wrong 1",
		 "--wrong: unknown option; see swaptorture --help"},
	};
	struct options o;
	struct error e;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(parse(cases[i].line, &o, &e), OPTIONS_BAD);
		assert_string_equal(e.line, cases[i].says);
	}
}

static void test_help_and_version(void **state)
{
	struct options o;
	struct error e;

	(void)state;
	assert_int_equal(parse("--help", &o, &e), OPTIONS_HELP);
	assert_int_equal(parse("--version", &o, &e), OPTIONS_VERSION);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_given),
		cmocka_unit_test(test_wrong),
		cmocka_unit_test(test_help_and_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
