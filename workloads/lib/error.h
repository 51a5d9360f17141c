// SPDX-License-Identifier: GPL-2.0-only
// What went wrong: one line for a user, and in the agent a code for the host.
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

// The codes of the ERROR frame that the host knows; no other is ever sent.
#define ERROR_JOB	       "job"
#define ERROR_MOUNT	       "mount"
#define ERROR_MODULE	       "module"
#define ERROR_CHANNEL	       "channel"
#define ERROR_DEVICE_MISSING   "device-missing"
#define ERROR_DEVICE_WRONG     "device-wrong"
#define ERROR_DEVICE_TOO_SMALL "device-too-small"
#define ERROR_SWAPON	       "swapon"
#define ERROR_HEARTBEAT	       "heartbeat"
#define ERROR_LOCK_STAT	       "lock-stat"
#define ERROR_EXEC	       "exec"
#define ERROR_PROTOCOL	       "protocol"
#define ERROR_TOOL	       "tool" // it hangs; no fault of the kernel's

struct error {
	const char *code; // one of the above, or NULL
	char line[320];	  // without the program's name and without newline
};

// Both return -1, so that a function can end with "return error_set(...)", and
// allocate nothing.
int error_set(struct error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
int error_coded(struct error *error, const char *code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
