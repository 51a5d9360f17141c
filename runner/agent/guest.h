// SPDX-License-Identifier: GPL-2.0-only
// What only PID 1 of a guest does.
#ifndef AGENT_GUEST_H
#define AGENT_GUEST_H

#include "workloads/lib/error.h"

// Mounts /proc, /sys, /dev and /dev/pts, and points stdin, stdout and stderr
// at /dev/null: the console is the kernel's alone.
int guest_mount(struct error *fault);

// Where the kernel has it: counters are there.
void guest_debugfs(void);

// Locks all memory, now and to come, and keeps the OOM killer away.
int guest_lock(struct error *fault);

// The one line that goes to the console: when there is no channel to say it on.
void guest_cry(const struct error *fault);

// Never returns.
__attribute__((noreturn)) void guest_power_off(void);

// Makes a control group whose programs are never swapped out, so that a tool
// answers beside a load that takes all memory.
#define GUEST_TOOL_GROUP "/sys/fs/cgroup/tools"
int guest_tool_group(struct error *fault);

#endif
