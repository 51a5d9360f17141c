// SPDX-License-Identifier: GPL-2.0-only
#include "error.h"

#include <stdarg.h>
#include <stdio.h>

int error_set(struct error *error, const char *format, ...)
{
	va_list arguments;

	error->code = NULL;
	va_start(arguments, format);
	vsnprintf(error->line, sizeof(error->line), format, arguments);
	va_end(arguments);
	return -1;
}

int error_coded(struct error *error, const char *code, const char *format, ...)
{
	va_list arguments;

	error->code = code;
	va_start(arguments, format);
	vsnprintf(error->line, sizeof(error->line), format, arguments);
	va_end(arguments);
	return -1;
}
