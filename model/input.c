// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"

#define MAX_LINE  1024
#define MAX_WORDS (MAX_COUNTS + 2)

/* One line under the reader's finger, cut into words. */
struct line {
	const char *file;
	unsigned int number;
	char text[MAX_LINE];
	const char *words[MAX_WORDS];
	unsigned int count;
	struct error *error;
};

#define complain(line, format, ...)                              \
	error_set((line)->error, "%s:%u: " format, (line)->file, \
		  (line)->number, __VA_ARGS__)

static int parse_number(const struct line *line, const char *what,
			const char *word, double low, double high,
			double *value)
{
	char shown[ERROR_WORD];
	char *end = NULL;

	/* strtod alone would take "nan", "inf", "0x1p3" and " 1". */
	if (word[strspn(word, "0123456789.eE+-")] ||
	    !isdigit((unsigned char)*word))
		return complain(line, "%s: '%s' is not a number", what,
				error_word(shown, word));
	*value = strtod(word, &end);
	if (*end)
		return complain(line, "%s: '%s' is not a number", what,
				error_word(shown, word));
	if (!(*value >= low && *value <= high))
		return complain(line, "%s: %s is not in %.10g..%.10g", what,
				error_word(shown, word), low, high);
	return 0;
}

static int parse_whole(const struct line *line, const char *what,
		       const char *word, uint64_t low, uint64_t high,
		       uint64_t *value)
{
	char shown[ERROR_WORD];

	if (!*word || word[strspn(word, "0123456789")])
		return complain(line, "%s: '%s' is not a whole number", what,
				error_word(shown, word));
	errno = 0;
	*value = strtoull(word, NULL, 10);
	if (errno || *value < low || *value > high)
		return complain(line, "%s: %s is not in %llu..%llu", what,
				error_word(shown, word),
				(unsigned long long)low,
				(unsigned long long)high);
	return 0;
}

static int parse_service(const struct line *line, const char *word,
			 enum service *service)
{
	char shown[ERROR_WORD];

	if (!strcmp(word, "exponential"))
		*service = EXPONENTIAL;
	else if (!strcmp(word, "deterministic"))
		*service = DETERMINISTIC;
	else
		return complain(line,
				"service: '%s' is not exponential or "
				"deterministic",
				error_word(shown, word));
	return 0;
}

static bool is(const struct line *line, unsigned int at, const char *word)
{
	return !strcmp(line->words[at], word);
}

static int wants(const struct line *line, unsigned int count, const char *form)
{
	if (line->count == count)
		return 0;
	return complain(line, "%s: takes the form '%s'", line->words[0], form);
}

static int read_ns_per_instruction(const struct line *line, struct scenario *s)
{
	if (wants(line, 2, "ns-per-instruction NS"))
		return -1;
	return parse_number(line, line->words[0], line->words[1], 1e-3, 1e6,
			    &s->ns_per_instruction);
}

static int read_private(const struct line *line, struct scenario *s)
{
	if (wants(line, 3, "private INSTRUCTIONS SERVICE") ||
	    parse_number(line, line->words[0], line->words[1], 1e-3, 1e9,
			 &s->private_work))
		return -1;
	return parse_service(line, line->words[2], &s->private_service);
}

static int read_hand_over(const struct line *line, struct scenario *s)
{
	if (wants(line, 2, "hand-over-ns NS"))
		return -1;
	return parse_number(line, line->words[0], line->words[1], 0, 1e9,
			    &s->hand_over);
}

static int parse_name(const struct line *line, const struct scenario *s,
		      const char *word, char name[MAX_NAME + 1])
{
	char shown[ERROR_WORD];
	size_t length = strlen(word);

	if (length > MAX_NAME)
		return complain(line, "lock: name '%s' is over %d characters",
				error_word(shown, word), MAX_NAME);
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)word[i]) && word[i] != '_')
			return complain(line,
					"lock: name '%s' holds more than "
					"letters, digits and '_'",
					error_word(shown, word));
	for (uint32_t i = 0; i < s->lock_count; i++)
		if (!strcmp(s->locks[i].name, word))
			return complain(line, "lock: '%s' is there already",
					error_word(shown, word));
	memcpy(name, word, length + 1);
	return 0;
}

static int read_lock(const struct line *line, struct scenario *s)
{
	struct lock *lock = &s->locks[s->lock_count];
	uint64_t instances = 1;

	if (line->count != 8 && line->count != 10)
		return complain(line, "%s",
				"lock: takes the form 'lock NAME acquisitions "
				"PER-PAGE hold INSTRUCTIONS service SERVICE "
				"[instances N]'");
	if (!is(line, 2, "acquisitions") || !is(line, 4, "hold") ||
	    !is(line, 6, "service") ||
	    (line->count == 10 && !is(line, 8, "instances")))
		return complain(line, "%s",
				"lock: 'acquisitions', 'hold', 'service' and "
				"'instances' come in this order");
	if (s->lock_count == MAX_LOCKS)
		return complain(line, "lock: more than %d locks", MAX_LOCKS);
	if (parse_name(line, s, line->words[1], lock->name) ||
	    parse_number(line, "acquisitions", line->words[3], 1e-6, 1e4,
			 &lock->acquisitions) ||
	    parse_number(line, "hold", line->words[5], 0, 1e9, &lock->hold) ||
	    parse_service(line, line->words[7], &lock->service))
		return -1;
	if (line->count == 10 && parse_whole(line, "instances", line->words[9],
					     1, MAX_INSTANCES, &instances))
		return -1;
	lock->instances = (uint32_t)instances;
	s->lock_count++;
	return 0;
}

static int read_workers(const struct line *line, struct scenario *s)
{
	uint64_t value = 0;

	if (line->count < 2 || line->count > MAX_COUNTS + 1)
		return complain(line, "workers: takes 1 to %d numbers",
				MAX_COUNTS);
	for (unsigned int i = 1; i < line->count; i++) {
		uint64_t before = value;

		if (parse_whole(line, "workers", line->words[i], 1, MAX_WORKERS,
				&value))
			return -1;
		if (value <= before)
			return complain(line, "workers: %s: must ascend",
					line->words[i]);
		s->workers[s->worker_counts++] = (uint32_t)value;
	}
	return 0;
}

static int read_seed(const struct line *line, struct scenario *s)
{
	if (wants(line, 2, "seed N"))
		return -1;
	return parse_whole(line, line->words[0], line->words[1], 0,
			   UINT32_MAX - MAX_SEEDS, &s->seed);
}

static int read_seeds(const struct line *line, struct scenario *s)
{
	uint64_t value = 0;

	if (wants(line, 2, "seeds N") ||
	    parse_whole(line, line->words[0], line->words[1], 1, MAX_SEEDS,
			&value))
		return -1;
	s->seeds = (uint32_t)value;
	return 0;
}

static int read_pages(const struct line *line, struct scenario *s)
{
	if (wants(line, 2, "pages N"))
		return -1;
	return parse_whole(line, line->words[0], line->words[1], 1, 100000000,
			   &s->pages);
}

static int read_warmup(const struct line *line, struct scenario *s)
{
	if (wants(line, 2, "warmup-pages N"))
		return -1;
	return parse_whole(line, line->words[0], line->words[1], 0, 100000000,
			   &s->warmup);
}

static const struct key {
	const char *name;
	int (*read)(const struct line *line, struct scenario *s);
	bool required;
	bool many;
} keys[] = {
	{"ns-per-instruction", read_ns_per_instruction, true, false},
	{"private", read_private, true, false},
	{"hand-over-ns", read_hand_over, false, false},
	{"lock", read_lock, false, true},
	{"workers", read_workers, true, false},
	{"seed", read_seed, false, false},
	{"seeds", read_seeds, false, false},
	{"pages", read_pages, false, false},
	{"warmup-pages", read_warmup, false, false},
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

/* Copy the line that begins at `text`, cut off its comment, find its words. */
static int take_line(struct line *line, const char *text, size_t length)
{
	char *at = line->text;

	if (length >= MAX_LINE)
		return complain(line, "is over %d characters", MAX_LINE - 1);
	memcpy(line->text, text, length);
	line->text[length] = '\0';
	if (strlen(line->text) != length)
		return complain(line, "%s", "holds a zero byte");
	line->text[strcspn(line->text, "#")] = '\0';
	for (line->count = 0;; line->count++) {
		at += strspn(at, " \t");
		if (!*at)
			return 0;
		if (line->count == MAX_WORDS)
			return complain(line, "has more than %d words",
					MAX_WORDS);
		line->words[line->count] = at;
		at += strcspn(at, " \t");
		if (*at)
			*at++ = '\0';
	}
}

static int read_key(const struct line *line, bool seen[KEYS],
		    struct scenario *scenario)
{
	char shown[ERROR_WORD];

	for (size_t i = 0; i < KEYS; i++) {
		if (!is(line, 0, keys[i].name))
			continue;
		if (seen[i] && !keys[i].many)
			return complain(line, "%s: is there already",
					keys[i].name);
		seen[i] = true;
		return keys[i].read(line, scenario);
	}
	return complain(line, "'%s' is not known here; see swapsim(1)",
			error_word(shown, line->words[0]));
}

static int first_line(const struct line *line)
{
	if (line->count == 2 && is(line, 0, "swapsim") && is(line, 1, "1"))
		return 0;
	return complain(line, "%s", "the file must begin with 'swapsim 1'");
}

static int check_whole(const struct line *line, bool begun,
		       const bool seen[KEYS])
{
	if (!begun)
		return complain(line, "%s",
				"the file must begin with 'swapsim 1'");
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].required && !seen[i])
			return complain(line, "%s: missing", keys[i].name);
	return 0;
}

int input_parse(const char *file, const char *text, size_t length,
		struct scenario *scenario, struct error *error)
{
	struct line line = {.file = file, .number = 0, .error = error};
	bool seen[KEYS] = {false};
	bool begun = false;

	*scenario = (struct scenario){
		.seed = 1, .seeds = 8, .pages = 10000, .warmup = 1000};
	while (length > 0) {
		const char *end = memchr(text, '\n', length);
		size_t bytes = end ? (size_t)(end - text) : length;

		line.number++;
		if (take_line(&line, text, bytes))
			return -1;
		if (line.count > 0) {
			if (begun ? read_key(&line, seen, scenario)
				  : first_line(&line))
				return -1;
			begun = true;
		}
		bytes += end ? 1 : 0;
		text += bytes;
		length -= bytes;
	}
	if (line.number == 0)
		line.number = 1;
	return check_whole(&line, begun, seen);
}

int input_read(const char *file, struct scenario *scenario, struct error *error)
{
	bool standard = !strcmp(file, "-");
	const char *name = standard ? "standard input" : file;
	FILE *stream = standard ? stdin : fopen(file, "re");
	char text[INPUT_MOST + 1];
	size_t length;
	int failed;

	if (!stream)
		return error_set(error, "%s: cannot be read: %s", name,
				 strerror(errno));
	errno = 0;
	length = fread(text, 1, sizeof(text), stream);
	failed = ferror(stream) ? errno : 0;
	if (!standard)
		(void)fclose(stream);
	if (failed)
		return error_set(error, "%s: cannot be read: %s", name,
				 strerror(failed));
	if (length > INPUT_MOST)
		return error_set(error, "%s: is over %d bytes", name,
				 INPUT_MOST);
	return input_parse(name, text, length, scenario, error);
}
