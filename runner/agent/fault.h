// SPDX-License-Identifier: GPL-2.0-only
// What went wrong, for the ERROR frame: a code and one line of text.
#ifndef AGENT_FAULT_H
#define AGENT_FAULT_H

// The codes the host knows; no other is ever sent.
#define FAULT_JOB	       "job"
#define FAULT_MOUNT	       "mount"
#define FAULT_MODULE	       "module"
#define FAULT_CHANNEL	       "channel"
#define FAULT_DEVICE_MISSING   "device-missing"
#define FAULT_DEVICE_WRONG     "device-wrong"
#define FAULT_DEVICE_TOO_SMALL "device-too-small"
#define FAULT_SWAPON	       "swapon"
#define FAULT_HEARTBEAT	       "heartbeat"
#define FAULT_LOCK_STAT	       "lock-stat"
#define FAULT_EXEC	       "exec"
#define FAULT_PROTOCOL	       "protocol"
#define FAULT_TOOL	       "tool" // it hangs; no fault of the kernel's

struct fault {
	const char *code;
	char text[320];
};

// Always returns -1, so that a function can end with `return fault_set(...)`.
int fault_set(struct fault *fault, const char *code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
