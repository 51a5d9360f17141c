// SPDX-License-Identifier: GPL-2.0-only
// Small text files (/proc, /sys) and the numbers in them.
#ifndef AGENT_TEXT_H
#define AGENT_TEXT_H

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

// The number after "key " at the start of a line of text (/proc/vmstat) or
// after "key:" (/proc/meminfo); 0 when the kernel has no such line.
uint64_t text_lookup(const char *text, const char *key);

#endif
