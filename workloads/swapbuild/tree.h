// SPDX-License-Identifier: GPL-2.0-only
// The source tree that is compiled: one header that every unit includes, and
// units of functions.  It follows from a seed to the byte, and needs no other
// header.
#ifndef SWAPBUILD_TREE_H
#define SWAPBUILD_TREE_H

#include <stddef.h>
#include <stdint.h>

enum {
	TREE_ITEMS = 1200, // of the header: structures with a function each
	TREE_MOST_FUNCTIONS = 400,
	TREE_MOST_BYTES = 1 << 20, // of one file
};

struct tree_text {
	char *data;
	size_t size, length; // length > size: it did not fit
};

// The header's text; `text` is begun anew.
void tree_header(struct tree_text *text, uint64_t seed);

// That of unit number `unit`, with so many functions.
void tree_unit(struct tree_text *text, uint64_t seed, unsigned int unit,
	       unsigned int functions);

#endif
