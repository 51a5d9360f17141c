// SPDX-License-Identifier: GPL-2.0-only
// What a simulator that watches our instructions is told (lockstep/marks.h).
#ifndef AGENT_MARK_H
#define AGENT_MARK_H

#include "workloads/lib/error.h"

#include <stdbool.h>

void mark_window(bool begins);

// Runs on every CPU in turn, from the first, and marks it; then anywhere again.
int mark_cpus(struct error *fault);

#endif
