// SPDX-License-Identifier: GPL-2.0-only
// Functions that are timed from their first block to the block they return
// to: the slow path of a spin lock, the handler of an interrupt.
#ifndef LOCKSTEP_SPANS_H
#define LOCKSTEP_SPANS_H

#include "machine.h"

enum { SPANS_DEEP = 8 };

struct span {
	enum span_kind kind;
	uint64_t returns_to;
	uint64_t site; // who called for the lock
	uint64_t lock; // its address
	uint64_t began_fs, began_insns;
};

// One for each vCPU.
struct spans {
	struct span at[SPANS_DEEP];
	unsigned int depth;
	uint64_t returns_to; // of the innermost, 0 for none
};

// The oldest is forgotten where there are too many.
void spans_enter(struct spans *spans, const struct span *span);

// A block begins at the innermost's returns_to.  Takes the span off; one
// further out that is due, too, is next.
struct span spans_leave(struct spans *spans);

#endif
