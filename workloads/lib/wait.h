// SPDX-License-Identifier: GPL-2.0-only
// Waiting for what the kernel brings up while PID 1 is already running.
#ifndef LIB_WAIT_H
#define LIB_WAIT_H

// Sleeps a little, in guest time; returns how many milliseconds that was.
int wait_step(void);

#endif
