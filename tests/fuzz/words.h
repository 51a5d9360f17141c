// SPDX-License-Identifier: GPL-2.0-only
#ifndef FUZZ_WORDS_H
#define FUZZ_WORDS_H

#include "fuzz.h"

enum { WORDS_MOST = 40 };

// A command line: a word a line.  `text` is cut up.
static inline int as_words(char *text, char **argv)
{
	int argc = 0;

	argv[argc++] = (char *)"program";
	for (char *word = strtok(text, "\n"); word && argc < WORDS_MOST;
	     word = strtok(NULL, "\n"))
		argv[argc++] = word;
	argv[argc] = NULL;
	return argc;
}

#endif
