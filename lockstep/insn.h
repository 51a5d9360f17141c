// SPDX-License-Identifier: GPL-2.0-only
// What the simulation wants to know of an x86-64 instruction, from its bytes.
#ifndef LOCKSTEP_INSN_H
#define LOCKSTEP_INSN_H

#include "marks.h"

#include <stddef.h>
#include <stdint.h>

enum insn_kind {
	INSN_PLAIN,
	INSN_ATOMIC, // locked, or xchg with memory: one write, no read before
	INSN_STACK,  // push, pop, call, ret: the thread's own memory
	INSN_STRING, // movs, stos: pages are copied and zeroed by these
	INSN_STREAM, // a store past the caches
	INSN_PAUSE,
	INSN_HALT,
	INSN_MARK, // the guest tells us something
};

struct insn {
	enum insn_kind kind;
	unsigned char mark;
};

struct insn insn_decode(const uint8_t *bytes, size_t length);

#endif
