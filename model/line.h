/* SPDX-License-Identifier: GPL-2.0-only */
/* One line of an input file, cut into words, and the numbers in it. */
#ifndef SWAPSIM_LINE_H
#define SWAPSIM_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"
#include "scenario.h"

#define MAX_LINE  1024
#define MAX_WORDS (MAX_COUNTS + 2)

struct line {
	const char *file;
	unsigned int number;
	char text[MAX_LINE];
	const char *words[MAX_WORDS];
	unsigned int count;
	struct error *error;
};

/* "FILE:LINE: ..." in line->error; returns -1. */
#define complain(line, format, ...)                              \
	error_set((line)->error, "%s:%u: " format, (line)->file, \
		  (line)->number, __VA_ARGS__)

/*
 * Copy the line of `length` bytes that begins at `text`, cut off its comment,
 * find its words.
 */
int line_take(struct line *line, const char *text, size_t length);

bool line_is(const struct line *line, unsigned int at, const char *word);

/* Complains unless the line has `count` words. */
int line_wants(const struct line *line, unsigned int count, const char *form);

int line_number(const struct line *line, const char *what, const char *word,
		double low, double high, double *value);

/* NUMBER, or NUMBER[LOW..HIGH] with NUMBER in the range. */
int line_figure(const struct line *line, const char *what, const char *word,
		double low, double high, struct figure *figure);

int line_whole(const struct line *line, const char *what, const char *word,
	       uint64_t low, uint64_t high, uint64_t *value);

/* The place of `word` in `words` (of `count`), or a complaint naming them. */
int line_choice(const struct line *line, const char *what, const char *word,
		const char *const *words, int count, int *value);

#endif
