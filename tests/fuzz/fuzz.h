// SPDX-License-Identifier: GPL-2.0-only
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// A claim about what was parsed; a false one is a finding.
static inline void must(int holds)
{
	if (!holds)
		abort();
}

// The input as text in an allocation of its own, so that a read past its end is
// seen; the caller frees it.
static inline char *as_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

#endif
