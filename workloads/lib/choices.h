// SPDX-License-Identifier: GPL-2.0-only
// The options of a program that runs others, as a table.
#ifndef LIB_CHOICES_H
#define LIB_CHOICES_H

#include "error.h"
#include "watch.h"

#include <stdbool.h>
#include <stdint.h>

enum choice_kind {
	CHOICE_TEXT,   // const char *
	CHOICE_NEEDED, // the same; it must be given
	CHOICE_FLAG,   // bool; takes no value
	CHOICE_NUMBER, // uint64_t in low .. high
	CHOICE_SIZE,   // uint64_t, bytes
	CHOICE_NOTIFY, // --notify-fd and --progress-fd; struct watch
	CHOICE_PROGRESS,
};

struct choice {
	const char *name; // without "--"; NULL: no more of them
	enum choice_kind kind;
	void *value;
	uint64_t low, high;
};

// Takes a command line; --help shows `help` and exits.
int choices_take(const struct choice *choices, const char *help, int argc,
		 char **argv, struct error *error);

#endif
