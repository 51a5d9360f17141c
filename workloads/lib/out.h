// SPDX-License-Identifier: GPL-2.0-only
// Formatted output through a fixed buffer: no stdio, no allocation.
#ifndef LIB_OUT_H
#define LIB_OUT_H

#include <stddef.h>

struct out {
	int fd;
	int failed; // errno of the first write that failed, else 0
	size_t used;
	char buffer[4096];
};

// At most 512 bytes at a time.
__attribute__((format(printf, 2, 3))) void out_text(struct out *out,
						    const char *format, ...);

// Returns 0, or the errno of the first write that failed.
int out_flush(struct out *out);

#endif
