// SPDX-License-Identifier: GPL-2.0-only
// LINK: lockstep/insn.c
// Instructions of a guest.
#include "fuzz.h"
#include "lockstep/insn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *bytes = malloc(size ? size : 1);

	must(bytes != NULL);
	if (size)
		memcpy(bytes, data, size);
	must(insn_decode(bytes, size).kind <= INSN_MARK);
	free(bytes);
	return 0;
}
