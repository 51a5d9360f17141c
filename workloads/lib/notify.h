// SPDX-License-Identifier: GPL-2.0-only
// Tell a peer that a phase begins or ends: one line out, one byte back.  Only
// the control thread waits for the byte; it never blocks here, so that it does
// not miss the end of a phase while the peer takes its time.
#ifndef LIB_NOTIFY_H
#define LIB_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"

// A peer in a guest that reclaims all it can may be slow; this is not slow.
#define NOTIFY_LIMIT_NS (300 * (uint64_t)1000000000)

struct notify {
	int fd; // a socket, or a terminal in raw mode; -1: nobody to tell
	const char *queue[2]; // "steady-begin\n" and "steady-end\n"
	unsigned int queued;
	unsigned int answered;
	bool waiting;
	uint64_t sent_ns;
};

void notify_init(struct notify *notify, int fd);

// To be told as soon as all before it has been answered.
void notify_push(struct notify *notify, const char *line);

// True until everything pushed has been answered.
bool notify_busy(const struct notify *notify);

// Take an answer if `readable` (poll's word for notify->fd), send what is
// next.  An error if the peer is gone, answers something else than one byte,
// speaks without being asked, or does not answer within NOTIFY_LIMIT_NS.
int notify_step(struct notify *notify, bool readable, uint64_t now_ns,
		struct error *error);

#endif
