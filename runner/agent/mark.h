// SPDX-License-Identifier: GPL-2.0-only
// What a simulator that watches our instructions is told: no-ops that a CPU
// and every other emulator run as such.  lockstep/insn.h reads them.
#ifndef AGENT_MARK_H
#define AGENT_MARK_H

#include "fault.h"

#include <stdbool.h>

enum mark {
	MARK_WINDOW_BEGINS = 0x53574b00,
	MARK_WINDOW_ENDS = 0x53574b01,
	MARK_ON_NEXT_CPU = 0x53574b02,
};

void mark_window(bool begins);

// Runs on every CPU in turn, from the first, and marks it; then anywhere again.
int mark_cpus(struct fault *fault);

#endif
