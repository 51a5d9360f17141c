// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

int error_set(struct error *error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error->line, sizeof(error->line), format, arguments);
	va_end(arguments);
	return -1;
}

const char *error_word(char out[ERROR_WORD], const char *word)
{
	static const char hex[] = "0123456789abcdef";
	size_t used = 0;

	for (; *word; word++) {
		unsigned char c = (unsigned char)*word;

		/* Room for one escape, the mark of a cut and the end. */
		if (used + 4 + 3 + 1 > ERROR_WORD) {
			memcpy(out + used, "...", 3);
			used += 3;
			break;
		}
		if (c > ' ' && c < 0x7f) {
			out[used++] = (char)c;
			continue;
		}
		out[used++] = '\\';
		out[used++] = 'x';
		out[used++] = hex[c >> 4];
		out[used++] = hex[c & 15];
	}
	out[used] = '\0';
	return out;
}
