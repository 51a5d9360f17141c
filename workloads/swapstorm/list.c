// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdbool.h>

#include "list.h"

// At most four digits, so that nothing overflows.
static bool number(const char **text, unsigned long *value)
{
	unsigned int digits = 0;

	*value = 0;
	for (; isdigit((unsigned char)**text) && digits < 5; digits++)
		*value = *value * 10 + (unsigned long)(*(*text)++ - '0');
	return digits > 0 && *value < LIST_LIMIT;
}

static bool add(struct list *list, unsigned long first, unsigned long last)
{
	if (last < first)
		return false;
	for (unsigned long one = first; one <= last; one++) {
		for (unsigned int i = 0; i < list->count; i++) {
			if (list->numbers[i] == one)
				return false;
		}
		list->numbers[list->count++] = (uint16_t)one;
	}
	return true;
}

int list_parse(const char *option, const char *text, struct list *list,
	       struct error *error)
{
	const char *at = text;
	unsigned long first;
	unsigned long last;

	list->count = 0;
	do {
		if (!number(&at, &first))
			goto bad;
		last = first;
		if (*at == '-') {
			at++;
			if (!number(&at, &last))
				goto bad;
		}
		if (!add(list, first, last))
			goto bad;
		if (*at != ',')
			break;
		at++;
	} while (*at);
	if (!*at && at[-1] != ',')
		return 0;
bad:
	return error_set(error,
			 "%s: '%.40s' is not a list such as 0-3,8 of numbers "
			 "below %d, each once",
			 option, text, LIST_LIMIT);
}
