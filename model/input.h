/* SPDX-License-Identifier: GPL-2.0-only */
/* The input file of swapsim(1), read strictly. */
#ifndef SWAPSIM_INPUT_H
#define SWAPSIM_INPUT_H

#include <stddef.h>

#include "error.h"
#include "scenario.h"

#define INPUT_MOST 65536 /* bytes in a file */

/*
 * Fill `scenario` from `length` bytes of text.  Returns 0, or -1 with one line
 * "FILE:LINE: what is wrong, what is allowed" in `error`.
 */
int input_parse(const char *file, const char *text, size_t length,
		struct scenario *scenario, struct error *error);

/* The same from a file, or from standard input where `file` is "-". */
int input_read(const char *file, struct scenario *scenario,
	       struct error *error);

#endif
