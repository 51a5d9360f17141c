// SPDX-License-Identifier: GPL-2.0-only
// A line as a shell would hand it over, cut at blanks.
#ifndef TESTS_WORDS_H
#define TESTS_WORDS_H

#include <string.h>

enum { WORDS_MOST = 32 };

// Behind argv[0], which is there; how many there are then.
static inline int words_cut(const char *line, char *argv[WORDS_MOST])
{
	static char words[256];
	int argc = 1;

	strncpy(words, line, sizeof(words) - 1);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
		argv[argc++] = word;
	return argc;
}

#endif
