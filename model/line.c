// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "line.h"

int line_take(struct line *line, const char *text, size_t length)
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

bool line_is(const struct line *line, unsigned int at, const char *word)
{
	return !strcmp(line->words[at], word);
}

int line_wants(const struct line *line, unsigned int count, const char *form)
{
	if (line->count == count)
		return 0;
	return complain(line, "%s: takes the form '%s'", line->words[0], form);
}

/* strtod alone would take "nan", "inf", "0x1p3" and " 1". */
static const char *read_double(const char *word, double *value)
{
	size_t length = strspn(word, "0123456789.eE+-");
	char copy[64];
	char *end = NULL;

	if (!isdigit((unsigned char)*word) || length >= sizeof(copy))
		return NULL;
	memcpy(copy, word, length);
	copy[length] = '\0';
	/* The two dots of a range do not belong to a number. */
	if (strstr(copy, ".."))
		*strstr(copy, "..") = '\0';
	*value = strtod(copy, &end);
	return *end ? NULL : word + (end - copy);
}

static int check_range(const struct line *line, const char *what,
		       const char *word, double value, double low, double high)
{
	char shown[ERROR_WORD];

	if (value >= low && value <= high)
		return 0;
	return complain(line, "%s: %s is not in %.10g..%.10g", what,
			error_word(shown, word), low, high);
}

int line_number(const struct line *line, const char *what, const char *word,
		double low, double high, double *value)
{
	char shown[ERROR_WORD];
	const char *end = read_double(word, value);

	if (!end || *end)
		return complain(line, "%s: '%s' is not a number", what,
				error_word(shown, word));
	return check_range(line, what, word, *value, low, high);
}

int line_figure(const struct line *line, const char *what, const char *word,
		double low, double high, struct figure *figure)
{
	char shown[ERROR_WORD];
	const char *end = read_double(word, &figure->value);

	if (end && *end == '[') {
		end = read_double(end + 1, &figure->low);
		if (end && !strncmp(end, "..", 2))
			end = read_double(end + 2, &figure->high);
		else
			end = NULL;
		end = end && *end == ']' ? end + 1 : NULL;
	} else if (end) {
		figure->low = figure->high = figure->value;
	}
	if (!end || *end)
		return complain(line,
				"%s: '%s' is not a number, or one with its "
				"range as 3[2..5]",
				what, error_word(shown, word));
	if (!(figure->low <= figure->value && figure->value <= figure->high))
		return complain(line, "%s: %s lies outside of its own range",
				what, error_word(shown, word));
	if (check_range(line, what, word, figure->low, low, high))
		return -1;
	return check_range(line, what, word, figure->high, low, high);
}

int line_whole(const struct line *line, const char *what, const char *word,
	       uint64_t low, uint64_t high, uint64_t *value)
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

int line_choice(const struct line *line, const char *what, const char *word,
		const char *const *words, int count, int *value)
{
	char shown[ERROR_WORD];
	char allowed[128] = "";
	int used = 0;

	for (int i = 0; i < count; i++) {
		const char *before = i + 1 < count ? ", " : " or ";

		if (!strcmp(words[i], word)) {
			*value = i;
			return 0;
		}
		used += snprintf(allowed + used, sizeof(allowed) - (size_t)used,
				 "%s%s", i > 0 ? before : "", words[i]);
	}
	return complain(line, "%s: '%s' is not %s", what,
			error_word(shown, word), allowed);
}
