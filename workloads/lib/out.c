// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "out.h"

#define LONGEST 512

int out_flush(struct out *out)
{
	size_t done = 0;

	while (!out->failed && done < out->used) {
		ssize_t n =
			write(out->fd, out->buffer + done, out->used - done);

		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			out->failed = errno;
	}
	out->used = 0;
	return out->failed;
}

void out_text(struct out *out, const char *format, ...)
{
	va_list arguments;
	int n;

	if (sizeof(out->buffer) - out->used < LONGEST)
		out_flush(out);
	va_start(arguments, format);
	n = vsnprintf(out->buffer + out->used, LONGEST, format, arguments);
	va_end(arguments);
	if (n < 0 || n >= LONGEST)
		out->failed = EOVERFLOW;
	else
		out->used += (size_t)n;
}
