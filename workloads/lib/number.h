// SPDX-License-Identifier: GPL-2.0-only
// Numbers as people write them on a command line; `option` is for the error.
#ifndef LIB_NUMBER_H
#define LIB_NUMBER_H

#include <stdint.h>

#include "error.h"

// A whole number in low .. high.
int number_range(const char *option, const char *text, uint64_t low,
		 uint64_t high, uint64_t *value, struct error *error);

// A size in bytes, 1 .. 64T; K, M, G or T (powers of 1024) may follow.
int number_size(const char *option, const char *text, uint64_t *value,
		struct error *error);

// A decimal with up to six places, in millionths, above 0 and up to `high`.
int number_decimal(const char *option, const char *text, uint64_t high,
		   uint64_t *micro, struct error *error);

#endif
