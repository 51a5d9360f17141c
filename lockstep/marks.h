// SPDX-License-Identifier: GPL-2.0-only
// What the guest tells the simulation by a no-op that a CPU and every other
// emulator run as such, nopl MARK(%rax): the low byte of the displacement says
// what.  The agent makes them, insn.c reads them.
#ifndef LOCKSTEP_MARKS_H
#define LOCKSTEP_MARKS_H

enum {
	MARK = 0x53574b00,
	MARK_BEGIN = 0, // of the window
	MARK_END = 1,
	MARK_CPU = 2, // run on every vCPU in turn, from the first
};

#endif
