// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "workloads/lib/text.h"
#include "scenario.h"

#define MAX_SIZE (UINT64_C(1) << 44)

const char options_help[] =
	"Usage: swaptorture --scenarios NAME,... [OPTION]...\n"
	"Do to a kernel's swapping what it finds hardest, check every page, "
	"and\n"
	"say in one JSON document what was done and whether the kernel stood "
	"it.\n"
	"\n"
	"  --scenarios NAME,...  what to do, in this order: writers, shared, "
	"advice;\n"
	"                        with --guest also swapoff, refused, full, "
	"nodes,\n"
	"                        merged, poisoned\n"
	"  --threads N           threads of most scenarios, 1..64 [2]\n"
	"  --rounds N            how much each scenario does, 1..1000 [1]\n"
	"  --size BYTES          memory of the large regions [5/4 of "
	"MemTotal]\n"
	"  --seed N              content of pages and order of work [1]\n"
	"  --limit SECONDS       the longest a scenario may take, 1..86400 "
	"[60]\n"
	"  --lru WORD            classic or mglru, with --guest [classic]\n"
	"  --thp WORD            never or always, with --guest [never]\n"
	"  --groups WORD         v2 or v1, with --guest [v2]\n"
	"  --guest               this machine may be spoilt: set devices, "
	"limits and\n"
	"                        faults up, take all swap off at the end\n"
	"  --progress-fd FD      count pages done in this shared memory\n"
	"  --help, --version     show this, or the version\n"
	"\n"
	"Exit status: 0 sound or a point missed, 1 unsound, 2 usage, 3 cannot "
	"run.\n";

static int parse_number(const char *option, const char *text, uint64_t low,
			uint64_t high, uint64_t *value, struct error *error)
{
	if (text_number(text, value) || *value < low || *value > high)
		return error_set(error,
				 "%s: '%.40s' is not in %" PRIu64 "..%" PRIu64,
				 option, text, low, high);
	return 0;
}

static int parse_word(const char *option, const char *text, const char *off,
		      const char *on, bool *value, struct error *error)
{
	*value = !strcmp(text, on);
	if (!*value && strcmp(text, off) != 0)
		return error_set(error, "%s: '%.40s' is not %s or %s", option,
				 text, off, on);
	return 0;
}

static int parse_scenarios(const char *text, unsigned int *bits,
			   struct error *error)
{
	while (*text) {
		size_t length = strcspn(text, ",");
		unsigned int i = 0;

		while (i < SCENARIOS &&
		       (strlen(scenarios[i].name) != length ||
			strncmp(scenarios[i].name, text, length) != 0))
			i++;
		if (i == SCENARIOS)
			return error_set(error,
					 "--scenarios: '%.*s' is none; see "
					 "swaptorture --help",
					 (int)(length < 40 ? length : 40),
					 text);
		*bits |= 1u << i;
		text += length;
		if (*text != ',')
			continue;
		text++;
		if (!*text)
			return error_set(error,
					 "--scenarios: ends with a comma");
	}
	return 0;
}

static int set_value(const char *option, const char *text,
		     struct options *options, struct error *error)
{
	uint64_t value = 0;
	int failed;

	if (!strcmp(option, "--scenarios"))
		return parse_scenarios(text, &options->scenarios, error);
	if (!strcmp(option, "--lru"))
		return parse_word(option, text, "classic", "mglru",
				  &options->mglru, error);
	if (!strcmp(option, "--thp"))
		return parse_word(option, text, "never", "always",
				  &options->huge, error);
	if (!strcmp(option, "--groups"))
		return parse_word(option, text, "v2", "v1",
				  &options->old_groups, error);
	if (!strcmp(option, "--rounds"))
		return parse_number(option, text, 1, 1000, &options->rounds,
				    error);
	if (!strcmp(option, "--size"))
		return parse_number(option, text, 1 << 20, MAX_SIZE,
				    &options->size, error);
	if (!strcmp(option, "--seed"))
		return parse_number(option, text, 0, UINT64_MAX, &options->seed,
				    error);
	if (!strcmp(option, "--limit"))
		return parse_number(option, text, 1, 86400, &options->limit_s,
				    error);
	if (!strcmp(option, "--threads")) {
		failed = parse_number(option, text, 1, OPTIONS_MAX_THREADS,
				      &value, error);
		options->threads = (unsigned int)value;
		return failed;
	}
	if (!strcmp(option, "--progress-fd")) {
		// 0 to 2 are standard input and the two outputs.
		failed = parse_number(option, text, 3, 65535, &value, error);
		options->progress_fd = (int)value;
		return failed;
	}
	return error_set(error, "%.40s: unknown option; see swaptorture --help",
			 option);
}

static int check_together(const struct options *options, struct error *error)
{
	if (!options->scenarios)
		return error_set(error, "--scenarios: name at least one; see "
					"swaptorture --help");
	if (options->guest)
		return 0;
	if (options->mglru || options->huge || options->old_groups)
		return error_set(error, "--lru, --thp and --groups change the "
					"machine: only with --guest");
	for (unsigned int i = 0; i < SCENARIOS; i++)
		if (options->scenarios & 1u << i && scenarios[i].guest)
			return error_set(error,
					 "--scenarios: %s changes the machine: "
					 "only with --guest",
					 scenarios[i].name);
	return 0;
}

enum options_action options_parse(int argc, char *const argv[],
				  struct options *options, struct error *error)
{
	*options = (struct options){
		.threads = 2,
		.rounds = 1,
		.seed = 1,
		.limit_s = 60,
		.progress_fd = -1,
	};
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--help"))
			return OPTIONS_HELP;
		if (!strcmp(argv[i], "--version"))
			return OPTIONS_VERSION;
		if (!strcmp(argv[i], "--guest")) {
			options->guest = true;
			continue;
		}
		const char *value = i + 1 < argc ? argv[i + 1] : "";

		if (set_value(argv[i], value, options, error))
			return OPTIONS_BAD;
		if (i + 1 == argc) {
			error_set(error, "%s: needs a value", argv[i]);
			return OPTIONS_BAD;
		}
		i++;
	}
	return check_together(options, error) ? OPTIONS_BAD : OPTIONS_RUN;
}
