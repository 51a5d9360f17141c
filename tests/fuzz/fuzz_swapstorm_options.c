// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/swapstorm/options.c workloads/lib/number.c
// LINK: workloads/swapstorm/pattern.c workloads/swapstorm/pattern_sequential.c
// LINK: workloads/swapstorm/pattern_strided.c
// LINK: workloads/swapstorm/pattern_random.c workloads/swapstorm/pattern_zipf.c
// LINK: workloads/swapstorm/pattern_hotcold.c workloads/swapstorm/pattern_mix.c
// LINK: workloads/swapstorm/pattern_readlater.c
// LINK: workloads/swapstorm/layout.c workloads/swapstorm/list.c
// LINK: workloads/lib/memcg.c workloads/lib/error.c workloads/lib/text.c
// SEEDS: tests/fuzz/seeds/swapstorm_options
// swapstorm's command line.
#include "words.h"
#include "workloads/swapstorm/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = as_text(data, size), *argv[WORDS_MOST + 1];
	static struct options options;
	struct error error = {.line = ""};
	const int argc = as_words(text, argv);

	switch (options_parse(argc, argv, &options, &error)) {
	case OPTIONS_RUN:
		must(options.threads >= 1 && options.pattern);
		must(options.compressible <= 100);
		must(options.passes || options.time_limit_us);
		break;
	case OPTIONS_BAD:
		must(error.line[0] && strnlen(error.line, sizeof(error.line)) <
					      sizeof(error.line));
		break;
	default:
		break;
	}
	free(text);
	return 0;
}
