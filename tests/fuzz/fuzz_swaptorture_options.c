// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/swaptorture/torture_options.c
// LINK: workloads/swaptorture/scenario.c
// LINK: workloads/swaptorture/torture.c workloads/swaptorture/torture_tally.c
// LINK: workloads/swaptorture/vmcounts.c workloads/swaptorture/writers.c
// LINK: workloads/swaptorture/shared.c workloads/swaptorture/advice.c
// LINK: workloads/swaptorture/swapoff.c workloads/swaptorture/refused.c
// LINK: workloads/swaptorture/full.c workloads/swaptorture/nodes.c
// LINK: workloads/swaptorture/knobs.c workloads/swaptorture/swaps.c
// LINK: workloads/swaptorture/crew.c workloads/swaptorture/churn.c
// LINK: workloads/swaptorture/torture_region.c workloads/lib/error.c
// LINK: workloads/swaptorture/merged.c workloads/swaptorture/poisoned.c
// LINK: workloads/swaptorture/child.c
// LINK: workloads/lib/procfs.c workloads/lib/stamp.c workloads/lib/content.c
// LINK: workloads/lib/text.c workloads/lib/device.c workloads/lib/swap.c
// LINK: workloads/lib/frame.c workloads/lib/wait.c
// SEEDS: tests/fuzz/seeds/swaptorture_options
// swaptorture's command line.
#include "words.h"
#include "workloads/swaptorture/torture_options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = as_text(data, size), *argv[WORDS_MOST + 1];
	struct options options;
	struct error error = {.line = ""};
	const int argc = as_words(text, argv);
	const enum options_action action =
		options_parse(argc, argv, &options, &error);

	must(action != OPTIONS_BAD || error.line[0]);
	must(action != OPTIONS_RUN || (options.scenarios && options.threads));
	free(text);
	return 0;
}
