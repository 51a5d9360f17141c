/* SPDX-License-Identifier: GPL-2.0-only */
/* The one line a user sees when something is wrong. */
#ifndef SWAPSIM_ERROR_H
#define SWAPSIM_ERROR_H

struct error {
	char line[320];
};

/*
 * Write the line (without "swapsim: " and without newline).  Returns -1, so
 * that a function can "return error_set(...)".
 */
__attribute__((format(printf, 2, 3))) int error_set(struct error *error,
						    const char *format, ...);

#define ERROR_WORD 48

/*
 * A word of the user's file, fit for a terminal: what is not printable ASCII
 * comes out as \xNN, and what does not fit is cut and marked with "...".
 */
const char *error_word(char out[ERROR_WORD], const char *word);

#endif
