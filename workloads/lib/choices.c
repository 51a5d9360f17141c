// SPDX-License-Identifier: GPL-2.0-only
#include "choices.h"

#include "number.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct choice *find(const struct choice *choices, const char *name)
{
	while (choices->name && strcmp(choices->name, name) != 0)
		choices++;
	return choices->name ? choices : NULL;
}

static int take(const struct choice *choice, const char *option,
		const char *text, struct error *error)
{
	switch (choice->kind) {
	case CHOICE_TEXT:
	case CHOICE_NEEDED:
		*(const char **)choice->value = text;
		return 0;
	case CHOICE_FLAG:
		*(bool *)choice->value = true;
		return 0;
	case CHOICE_NUMBER:
		return number_range(option, text, choice->low, choice->high,
				    choice->value, error);
	case CHOICE_SIZE:
		return number_size(option, text, choice->value, error);
	case CHOICE_NOTIFY:
		return watch_notify_option(choice->value, text, error);
	case CHOICE_PROGRESS:
		return watch_progress_option(choice->value, text, error);
	}
	return -1;
}

static int check(const struct choice *choices, struct error *error)
{
	for (; choices->name; choices++)
		if (choices->kind == CHOICE_NEEDED &&
		    !*(const char **)choices->value)
			return error_set(error, "--%s: missing", choices->name);
	return 0;
}

int choices_take(const struct choice *choices, const char *help, int argc,
		 char **argv, struct error *error)
{
	for (int at = 1; at < argc; at++) {
		const char *option = argv[at];

		if (!strcmp(option, "--help")) {
			fputs(help, stdout);
			exit(fflush(stdout) ? 1 : 0);
		}
		if (strncmp(option, "--", 2) != 0)
			return error_set(error, "%s: is no option", option);
		const struct choice *choice = find(choices, option + 2);
		const bool valued = choice && choice->kind != CHOICE_FLAG;

		if (!choice || (valued && at + 1 == argc))
			return error_set(error,
					 "%s: is unknown or lacks its value; "
					 "--help shows what is known",
					 option);
		if (take(choice, option, valued ? argv[++at] : NULL, error))
			return -1;
	}
	return check(choices, error);
}
