/* SPDX-License-Identifier: GPL-2.0-only */
/* The one line a user sees when something is wrong. */
#ifndef SWAPSTORM_ERROR_H
#define SWAPSTORM_ERROR_H

struct error {
	char line[256];
};

/*
 * Write the line (without "swapstorm: " and without newline).  Returns -1, so
 * that a function can "return error_set(...)".  Allocates nothing.
 */
__attribute__((format(printf, 2, 3))) int error_set(struct error *error,
						    const char *format, ...);

#endif
