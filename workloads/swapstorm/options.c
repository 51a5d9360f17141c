// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define MAX_SIZE      (64ull << 40)
#define MAX_PASSES    1000000u
#define MAX_SAMPLE_MS 10000u
#define MAX_FD	      65535u

const char options_help[] =
	"Usage: swapstorm [OPTION]...\n"
	"Write more anonymous memory than there is RAM, from several threads "
	"at once,\n"
	"and say in one JSON document how fast the kernel swapped it out.\n"
	"\n"
	"  --threads N            threads, each with a region of its own, "
	"1..1024 [1]\n"
	"  --size-per-thread SIZE size of a thread's region; K, M, G or T may "
	"follow\n"
	"  --ratio R              size of all regions together over MemTotal "
	"[2.0]\n"
	"  --passes N             times each region is written [1]\n"
	"  --time SECONDS         write again and again for this long instead\n"
	"  --verify               read everything back and check every byte\n"
	"  --seed N               what the content is made from [1]\n"
	"  --sample-ms N          how often to look whether RAM is full, "
	"1..10000 [20]\n"
	"  --allow-oom            go on though RAM and free swap cannot hold "
	"it\n"
	"  --notify-fd FD         tell a peer when the steady state begins and "
	"ends\n"
	"  --progress-fd FD       keep pages done per thread in this shared "
	"memory\n"
	"  --help, --version      show this, or the version\n"
	"\n"
	"Exit status: 0 done, 1 a page came back wrong, 2 usage, 3 cannot "
	"run.\n";

/* All digits, no sign, no space: strtoull alone takes " -1". */
static bool whole_number(const char *text, const char **end, uint64_t *value)
{
	char *after;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &after, 10);
	*end = after;
	return errno == 0;
}

static int parse_range(const char *option, const char *text, uint64_t low,
		       uint64_t high, uint64_t *value, struct error *error)
{
	const char *end = "";

	if (text[strspn(text, "0123456789")] || !*text)
		return error_set(error, "%s: '%.40s' is not a whole number",
				 option, text);
	if (!whole_number(text, &end, value) || *value < low || *value > high)
		return error_set(error,
				 "%s: %.40s is not in %" PRIu64 "..%" PRIu64,
				 option, text, low, high);
	return 0;
}

static int parse_size(const char *option, const char *text, uint64_t *value,
		      struct error *error)
{
	static const char suffixes[] = "KMGT";
	const char *end = "";
	unsigned int shift = 0;

	if (!isdigit((unsigned char)*text))
		return error_set(error, "%s: '%.40s' is not a size such as 64M",
				 option, text);
	if (!whole_number(text, &end, value))
		return error_set(error, "%s: %.40s is not in 1..64T", option,
				 text);
	if (*end) {
		const char *suffix = strchr(suffixes, *end);

		if (!suffix || end[1])
			return error_set(
				error, "%s: '%.40s' is not a size such as 64M",
				option, text);
		shift = 10 * (unsigned int)(suffix - suffixes + 1);
	}
	if (*value == 0 || *value > MAX_SIZE >> shift)
		return error_set(error, "%s: %.40s is not in 1..64T", option,
				 text);
	*value <<= shift;
	return 0;
}

/*
 * A decimal number with up to six places, in millionths, above 0 and up to
 * `high` whole.  Not strtod: "nan" and the locale have no business here.
 */
static int parse_decimal(const char *option, const char *text, uint64_t high,
			 uint64_t *micro, struct error *error)
{
	uint64_t scale = OPTIONS_MICRO;
	uint64_t whole;
	const char *end = "";

	if (!isdigit((unsigned char)*text))
		goto not_a_number;
	if (!whole_number(text, &end, &whole) || whole > high)
		goto out_of_range;
	*micro = whole * OPTIONS_MICRO;
	if (*end == '.') {
		if (!isdigit((unsigned char)end[1]))
			goto not_a_number;
		for (end++; isdigit((unsigned char)*end) && scale > 1; end++) {
			scale /= 10;
			*micro += (uint64_t)(*end - '0') * scale;
		}
	}
	if (*end)
		goto not_a_number;
	if (*micro == 0 || *micro > high * OPTIONS_MICRO)
		goto out_of_range;
	return 0;

not_a_number:
	return error_set(error,
			 "%s: '%.40s' is not a number with up to six decimals",
			 option, text);
out_of_range:
	return error_set(error, "%s: %.40s is not above 0 and up to %" PRIu64,
			 option, text, high);
}

static int parse_fd(const char *option, const char *text, int *fd,
		    struct error *error)
{
	uint64_t value = 0;

	/* 0 to 2 are standard input and the two outputs: never these. */
	if (parse_range(option, text, 3, MAX_FD, &value, error))
		return -1;
	*fd = (int)value;
	return 0;
}

struct given {
	bool size;
	bool ratio;
	bool passes;
	bool time;
};

static int set_value(const char *option, const char *text,
		     struct options *options, struct given *given,
		     struct error *error)
{
	uint64_t value = 0;
	int failed;

	if (!strcmp(option, "--threads")) {
		failed = parse_range(option, text, 1, OPTIONS_MAX_THREADS,
				     &value, error);
		options->threads = (unsigned int)value;
	} else if (!strcmp(option, "--size-per-thread")) {
		given->size = true;
		failed = parse_size(option, text, &options->size_per_thread,
				    error);
	} else if (!strcmp(option, "--ratio")) {
		given->ratio = true;
		failed = parse_decimal(option, text, 64, &options->ratio_micro,
				       error);
	} else if (!strcmp(option, "--passes")) {
		given->passes = true;
		failed = parse_range(option, text, 1, MAX_PASSES,
				     &options->passes, error);
	} else if (!strcmp(option, "--time")) {
		given->time = true;
		failed = parse_decimal(option, text, 86400,
				       &options->time_limit_us, error);
	} else if (!strcmp(option, "--seed")) {
		failed = parse_range(option, text, 0, UINT64_MAX,
				     &options->seed, error);
	} else if (!strcmp(option, "--sample-ms")) {
		failed = parse_range(option, text, 1, MAX_SAMPLE_MS, &value,
				     error);
		options->sample_ms = (unsigned int)value;
	} else if (!strcmp(option, "--notify-fd")) {
		failed = parse_fd(option, text, &options->notify_fd, error);
	} else {
		failed = parse_fd(option, text, &options->progress_fd, error);
	}
	return failed;
}

static bool takes_value(const char *option)
{
	static const char *const names[] = {
		"--threads",	 "--size-per-thread",
		"--ratio",	 "--passes",
		"--time",	 "--seed",
		"--sample-ms",	 "--notify-fd",
		"--progress-fd",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(option, names[i]))
			return true;
	}
	return false;
}

static int check_together(struct options *options, const struct given *given,
			  struct error *error)
{
	if (given->size && given->ratio)
		return error_set(error,
				 "--size-per-thread and --ratio: give one");
	if (given->passes && given->time)
		return error_set(error, "--passes and --time: give one");
	if (options->progress_fd >= 0 &&
	    options->progress_fd == options->notify_fd)
		return error_set(
			error,
			"--notify-fd and --progress-fd: %d cannot be both",
			options->progress_fd);
	if (given->time)
		options->passes = 0;
	return 0;
}

enum options_action options_parse(int argc, char *const argv[],
				  struct options *options, struct error *error)
{
	struct given given = {.size = false};
	char name[32];

	*options = (struct options){
		.threads = 1,
		.ratio_micro = 2 * OPTIONS_MICRO,
		.passes = 1,
		.seed = 1,
		.sample_ms = 20,
		.notify_fd = -1,
		.progress_fd = -1,
	};
	for (int i = 1; i < argc; i++) {
		const char *value = strchr(argv[i], '=');
		size_t length =
			value ? (size_t)(value - argv[i]) : strlen(argv[i]);

		if (!strcmp(argv[i], "--help"))
			return OPTIONS_HELP;
		if (!strcmp(argv[i], "--version"))
			return OPTIONS_VERSION;
		if (!strcmp(argv[i], "--verify")) {
			options->verify = true;
			continue;
		}
		if (!strcmp(argv[i], "--allow-oom")) {
			options->allow_oom = true;
			continue;
		}
		if (length >= sizeof(name))
			length = sizeof(name) - 1;
		memcpy(name, argv[i], length);
		name[length] = '\0';
		if (!takes_value(name)) {
			error_set(error,
				  "%.40s: unknown option; see swapstorm --help",
				  argv[i]);
			return OPTIONS_BAD;
		}
		if (!value && i + 1 == argc) {
			error_set(error, "%s: needs a value", name);
			return OPTIONS_BAD;
		}
		value = value ? value + 1 : argv[++i];
		if (set_value(name, value, options, &given, error))
			return OPTIONS_BAD;
	}
	if (check_together(options, &given, error))
		return OPTIONS_BAD;
	return OPTIONS_RUN;
}
