// SPDX-License-Identifier: GPL-2.0-only
// The kernel's lock statistics: counted only in the measured window.
#ifndef AGENT_LOCKSTAT_H
#define AGENT_LOCKSTAT_H

#include "workloads/lib/error.h"

#include <stdbool.h>

// Whether counting goes on; it is on after boot.
int lockstat_count(bool on, struct error *fault);

// Sets all counters to zero.
int lockstat_clear(struct error *fault);

#endif
