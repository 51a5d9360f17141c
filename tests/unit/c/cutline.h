// SPDX-License-Identifier: GPL-2.0-only
// A line as a shell would hand it over, cut at blanks.
#ifndef TESTS_CUTLINE_H
#define TESTS_CUTLINE_H

#include <string.h>

enum { LINE_WORDS = 32 };

// Behind argv[0], which is there; how many there are then.
static inline int line_cut(const char *line, char *argv[LINE_WORDS])
{
	static char words[256];
	int argc = 1;

	strncpy(words, line, sizeof(words) - 1);
	for (char *word = strtok(words, " "); word && argc < LINE_WORDS;
	     word = strtok(NULL, " "))
		argv[argc++] = word;
	return argc;
}

#endif
