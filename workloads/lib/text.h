// SPDX-License-Identifier: GPL-2.0-only
// Small text files (/proc, /sys) and the numbers in them.
#ifndef LIB_TEXT_H
#define LIB_TEXT_H

#include <stdint.h>
#include <sys/types.h>

// Reads the whole file into buffer and ends it with a NUL.  Returns its length,
// or -1 with errno set; EFBIG when it does not fit.
ssize_t text_read(const char *path, char *buffer, size_t size);

// As text_read, without the newline at the end.
ssize_t text_read_line(const char *path, char *buffer, size_t size);

// Writes text with one write(2); -1 with errno set.
int text_write(const char *path, const char *text);

// A decimal number and nothing else: no sign, no blank, no overflow.
int text_number(const char *text, uint64_t *value);

// The number that is all there is in a file; 0 where it cannot be read.
uint64_t text_read_number(const char *path);

#endif
