// SPDX-License-Identifier: GPL-2.0-only
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "workloads/lib/number.h"
#include "after.h"
#include "options.h"

// What an option's value looks like, and what it is kept in.
enum kind {
	KIND_FLAG,    // none; bool
	KIND_RANGE,   // low .. high; uint64_t
	KIND_SIZE,    // bytes; uint64_t
	KIND_DECIMAL, // above 0, up to high; millionths in a uint64_t
	KIND_FD,      // int
	KIND_PATTERN,
	KIND_REGION,
	KIND_THP,
	KIND_SWAPIN,
	KIND_FORMAT,
	KIND_LIST,
	KIND_TEXT, // as it stands; const char *
};

struct rule {
	const char *name;
	enum kind kind;
	size_t offset; // in struct options
	uint64_t low;
	uint64_t high;
};

#define AT(field) offsetof(struct options, field)

static const struct rule rules[] = {
	{"--threads", KIND_RANGE, AT(threads), 1, OPTIONS_MAX_THREADS},
	{"--processes", KIND_FLAG, AT(processes), 0, 0},
	{"--together", KIND_FLAG, AT(together), 0, 0},
	{"--region", KIND_REGION, AT(region), 0, 0},
	{"--size-per-thread", KIND_SIZE, AT(size_per_thread), 0, 0},
	{"--ratio", KIND_DECIMAL, AT(ratio_micro), 0, 64},
	{"--settle", KIND_SIZE, AT(settle), 0, 0},
	{"--memcg", KIND_SIZE, AT(memcg), 0, 0},
	{"--memcg-set", KIND_TEXT, AT(memcg_set), 0, 0},
	{"--passes", KIND_RANGE, AT(passes), 1, 1000000},
	{"--time", KIND_DECIMAL, AT(time_limit_us), 0, 86400},
	{"--pattern", KIND_PATTERN, AT(pattern), 0, 0},
	{"--stride", KIND_RANGE, AT(settings.stride), 1, 1 << 20},
	{"--zipf-theta", KIND_DECIMAL, AT(settings.zipf_theta_micro), 0, 10},
	{"--hot-pages", KIND_RANGE, AT(settings.hot_percent), 1, 99},
	{"--hot-accesses", KIND_RANGE, AT(settings.hot_accesses), 1, 99},
	{"--hot-shift", KIND_RANGE, AT(settings.hot_shift), 0, 100},
	{"--reads", KIND_RANGE, AT(settings.read_percent), 0, 100},
	{"--compressible", KIND_RANGE, AT(compressible), 0, 100},
	{"--same-filled", KIND_FLAG, AT(same_filled), 0, 0},
	{"--bare", KIND_FLAG, AT(bare), 0, 0},
	{"--pageout", KIND_RANGE, AT(pageout), 1, 1 << 20},
	{"--thp", KIND_THP, AT(thp), 0, 0},
	{"--cpus", KIND_LIST, AT(cpus), 0, 0},
	{"--nodes", KIND_LIST, AT(nodes), 0, 0},
	{"--verify", KIND_FLAG, AT(verify), 0, 0},
	{"--swapin", KIND_SWAPIN, AT(swapin), 0, 0},
	{"--swapoff", KIND_FLAG, AT(swapoff), 0, 0},
	{"--free", KIND_FLAG, AT(free), 0, 0},
	{"--seed", KIND_RANGE, AT(seed), 0, UINT64_MAX},
	{"--rate", KIND_RANGE, AT(rate), 1, 1000000000},
	{"--latency", KIND_FLAG, AT(latency), 0, 0},
	{"--series-ms", KIND_RANGE, AT(series_ms), 1, 3600000},
	{"--sample-ms", KIND_RANGE, AT(sample_ms), 1, 10000},
	{"--format", KIND_FORMAT, AT(format), 0, 0},
	{"--allow-oom", KIND_FLAG, AT(allow_oom), 0, 0},
	// 0 to 2 are standard input and the two outputs: never these.
	{"--notify-fd", KIND_FD, AT(notify_fd), 3, 65535},
	{"--progress-fd", KIND_FD, AT(progress_fd), 3, 65535},
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

// An option that is for one pattern alone.
static const struct {
	const char *option;
	const char *pattern;
} belongs[] = {
	{"--stride", "strided"},    {"--zipf-theta", "zipf"},
	{"--hot-pages", "hotcold"}, {"--hot-accesses", "hotcold"},
	{"--hot-shift", "hotcold"},
};

// Two options that cannot both be given.
static const struct {
	const char *one;
	const char *other;
} apart[] = {
	{"--size-per-thread", "--ratio"},
	{"--passes", "--time"},
	{"--compressible", "--same-filled"},
	{"--together", "--time"},
	{"--together", "--pattern"},
	{"--together", "--reads"},
	{"--together", "--bare"},
	// What would cost an instruction is not bare.
	{"--bare", "--pattern"},
	{"--bare", "--reads"},
	{"--bare", "--compressible"},
	{"--bare", "--same-filled"},
	{"--bare", "--pageout"},
	{"--bare", "--verify"},
	{"--bare", "--rate"},
	{"--bare", "--latency"},
};

struct given {
	bool rule[RULES];
};

static const struct rule *find_rule(const char *name)
{
	for (size_t i = 0; i < RULES; i++) {
		if (!strcmp(rules[i].name, name))
			return &rules[i];
	}
	return NULL;
}

static bool was_given(const struct given *given, const char *name)
{
	return given->rule[find_rule(name) - rules];
}

static int set_pattern(const char *option, const char *text,
		       const struct pattern **pattern, struct error *error)
{
	const struct pattern *known;
	char names[128] = "";
	size_t used = 0;

	*pattern = pattern_find(text);
	if (*pattern)
		return 0;
	for (unsigned int i = 0; (known = pattern_at(i)); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used,
					 i ? ", %s" : "%s", known->name);
	return error_set(error,
			 "%s: '%.40s' is not one of %s (did you mean %s?)",
			 option, text, names, pattern_meant(text)->name);
}

static const char *const regions[] = {
	[REGION_PRIVATE] = "private",
	[REGION_SHARED] = "shared",
	[REGION_COW] = "cow",
	NULL,
};

static const char *const huge[] = {
	[THP_NEVER] = "never",
	[THP_MADVISE] = "madvise",
	[THP_ALWAYS] = "always",
	[THP_SYSTEM] = "system",
	NULL,
};

static const char *const orders[] = {
	[SWAPIN_NONE] = "none",
	[SWAPIN_SEQUENTIAL] = "sequential",
	[SWAPIN_RANDOM] = "random",
	NULL,
};

static const char *const formats[] = {
	[FORMAT_AUTO] = "auto",
	[FORMAT_JSON] = "json",
	[FORMAT_TABLE] = "table",
	NULL,
};

static int set_word(const char *option, const char *text,
		    const char *const *words, int *value, struct error *error)
{
	for (int i = 0; words[i]; i++) {
		if (!strcmp(words[i], text)) {
			*value = i;
			return 0;
		}
	}
	return error_set(error, "%s: '%.40s' is not one of %s, %s, %s%s%s",
			 option, text, words[0], words[1], words[2],
			 words[3] ? ", " : "", words[3] ? words[3] : "");
}

const char *options_region(int region)
{
	return regions[region];
}

const char *options_thp(int thp)
{
	return huge[thp];
}

static int set_value(const struct rule *rule, const char *text,
		     struct options *options, struct error *error)
{
	void *field = (char *)options + rule->offset;
	uint64_t value = 0;

	switch (rule->kind) {
	case KIND_FLAG:
		*(bool *)field = true;
		break;
	case KIND_RANGE:
		return number_range(rule->name, text, rule->low, rule->high,
				    field, error);
	case KIND_SIZE:
		return number_size(rule->name, text, field, error);
	case KIND_DECIMAL:
		return number_decimal(rule->name, text, rule->high, field,
				      error);
	case KIND_FD:
		if (number_range(rule->name, text, rule->low, rule->high,
				 &value, error))
			return -1;
		*(int *)field = (int)value;
		break;
	case KIND_PATTERN:
		return set_pattern(rule->name, text, field, error);
	case KIND_REGION:
		return set_word(rule->name, text, regions, field, error);
	case KIND_THP:
		return set_word(rule->name, text, huge, field, error);
	case KIND_SWAPIN:
		return set_word(rule->name, text, orders, field, error);
	case KIND_FORMAT:
		return set_word(rule->name, text, formats, field, error);
	case KIND_LIST:
		return list_parse(rule->name, text, field, error);
	case KIND_TEXT:
		*(const char **)field = text;
		return 0;
	}
	return 0;
}

static int check_pattern(struct options *options, const struct given *given,
			 struct error *error)
{
	const struct pattern *pattern = options->pattern;

	for (size_t i = 0; i < sizeof(belongs) / sizeof(belongs[0]); i++) {
		if (was_given(given, belongs[i].option) &&
		    strcmp(pattern->name, belongs[i].pattern) != 0)
			return error_set(error,
					 "%s: is for --pattern %s, not for %s",
					 belongs[i].option, belongs[i].pattern,
					 pattern->name);
	}
	if (!was_given(given, "--reads"))
		options->settings.read_percent = pattern->read_percent;
	else if (pattern->own_reads)
		return error_set(error,
				 "--reads: --pattern %s decides that by itself",
				 pattern->name);
	return 0;
}

static int check_apart(struct options *options, const struct given *given,
		       struct error *error)
{
	for (size_t i = 0; i < sizeof(apart) / sizeof(apart[0]); i++) {
		if (was_given(given, apart[i].one) &&
		    was_given(given, apart[i].other))
			return error_set(error, "%s and %s: give one",
					 apart[i].one, apart[i].other);
	}
	if (options->progress_fd >= 0 &&
	    options->progress_fd == options->notify_fd)
		return error_set(
			error,
			"--notify-fd and --progress-fd: %d cannot be both",
			options->progress_fd);
	if (options->region == REGION_COW &&
	    (options->swapoff || options->free))
		return error_set(error, "--region: cow: the parent keeps its "
					"copy, so --swapoff and --free are for "
					"the others");
	if (options->region == REGION_COW && !options->processes)
		return error_set(error, "--region: cow: only a process has a "
					"parent's memory to copy; give "
					"--processes");
	if (options->together && options->passes != 1)
		return error_set(error, "--together: who is fast writes more, "
					"once; leave --passes out");
	if (options->region == REGION_COW && options->together)
		return error_set(error, "--together: what --region=cow writes "
					"is there already; leave it out");
	if (options->memcg_set && !options->memcg)
		return error_set(error, "--memcg-set: is of the group that "
					"--memcg makes; give that, too");
	if (was_given(given, "--time"))
		options->passes = 0;
	return check_pattern(options, given, error);
}

enum options_action options_parse(int argc, char *const argv[],
				  struct options *options, struct error *error)
{
	struct given given = {.rule = {false}};
	char name[32];

	*options = (struct options){
		.threads = 1,
		.ratio_micro = 2 * OPTIONS_MICRO,
		.passes = 1,
		.pattern = &pattern_sequential,
		.settings = {.stride = 16,
			     .zipf_theta_micro = 990000,
			     .hot_percent = 10,
			     .hot_accesses = 90,
			     .hot_shift = 25},
		.compressible = 100,
		.seed = 1,
		.sample_ms = 20,
		.notify_fd = -1,
		.progress_fd = -1,
	};
	for (int i = 1; i < argc; i++) {
		const char *value = strchr(argv[i], '=');
		size_t length =
			value ? (size_t)(value - argv[i]) : strlen(argv[i]);
		const struct rule *rule;

		if (!strcmp(argv[i], "--help"))
			return OPTIONS_HELP;
		if (!strcmp(argv[i], "--version"))
			return OPTIONS_VERSION;
		if (length >= sizeof(name))
			length = sizeof(name) - 1;
		memcpy(name, argv[i], length);
		name[length] = '\0';
		rule = find_rule(name);
		if (!rule || (rule->kind == KIND_FLAG && value)) {
			error_set(error,
				  "%.40s: unknown option; see swapstorm --help",
				  argv[i]);
			return OPTIONS_BAD;
		}
		if (rule->kind != KIND_FLAG && !value && i + 1 == argc) {
			error_set(error, "%s: needs a value", name);
			return OPTIONS_BAD;
		}
		if (rule->kind != KIND_FLAG)
			value = value ? value + 1 : argv[++i];
		if (set_value(rule, value, options, error))
			return OPTIONS_BAD;
		given.rule[rule - rules] = true;
	}
	if (check_apart(options, &given, error))
		return OPTIONS_BAD;
	return OPTIONS_RUN;
}
