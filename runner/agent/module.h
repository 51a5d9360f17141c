// SPDX-License-Identifier: GPL-2.0-only
// Modules of a kernel that does not hold its drivers.
#ifndef AGENT_MODULE_H
#define AGENT_MODULE_H

#include "workloads/lib/error.h"

// Loads what the file list names, a line "PATH PARAMETERS" for each, in that
// order, and removes each from the initramfs: it would hold RAM.  No such file
// is no fault: the kernel has its drivers built in.
int module_load(const char *list, struct error *fault);

#endif
