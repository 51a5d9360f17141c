// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/swapstorm/options.c workloads/lib/number.c
// LINK: workloads/swapstorm/pattern.c workloads/swapstorm/pattern_sequential.c
// LINK: workloads/swapstorm/pattern_strided.c
// LINK: workloads/swapstorm/pattern_random.c workloads/swapstorm/pattern_zipf.c
// LINK: workloads/swapstorm/pattern_hotcold.c workloads/swapstorm/pattern_mix.c
// LINK: workloads/swapstorm/pattern_readlater.c
// LINK: workloads/swapstorm/layout.c workloads/swapstorm/list.c
// LINK: workloads/lib/memcg.c workloads/lib/text.c
// LINK: workloads/lib/error.c
// A command line of swapstorm's, taken apart.
#ifndef TESTS_STORM_LINE_H
#define TESTS_STORM_LINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tests/unit/c/cutline.h"
#include "workloads/swapstorm/options.h"

static inline enum options_action
parse(const char *line, struct options *options, struct error *error)
{
	char *argv[LINE_WORDS] = {(char *)"swapstorm"};
	const int argc = line_cut(line, argv);

	error->line[0] = '\0';
	return options_parse(argc, argv, options, error);
}

#endif
