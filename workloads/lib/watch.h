// SPDX-License-Identifier: GPL-2.0-only
// What a program that runs others sees of their pressure: /proc/vmstat again
// and again, and from it the phases.  RAM (or a group's share of it) is full
// when WATCH_FULL_PAGES have been swapped out; there the steady phase begins.
// When it ends is for the caller to say.  The agent is told of both.
#ifndef LIB_WATCH_H
#define LIB_WATCH_H

#include "notify.h"
#include "out.h"
#include "procfs.h"

#include <signal.h>

enum {
	WATCH_LOOK_MS = 10,
	WATCH_FULL_PAGES = 256, // 1 MiB
};

struct watch_span {
	struct reading begin, end;
};

struct watch {
	int notify_fd;		 // -1: nobody to tell
	uint64_t *progress;	 // NULL: nobody to show it to
	const sigset_t *waiting; // signals blocked while it waits; NULL: ours
	// From here on its own.
	struct vmstat vmstat;
	struct notify notify;
	struct reading now;
	struct watch_span fill, steady, teardown;
	bool began, ended; // the steady phase
};

// What a load was done for: from its first step to its last.
struct watch_work {
	uint64_t done;
	struct reading begin, end;
	uint64_t user_us, system_us; // CPU time
};

// Both take the text of an option that names a descriptor.
int watch_notify_option(struct watch *watch, const char *text,
			struct error *error);
int watch_progress_option(struct watch *watch, const char *text,
			  struct error *error);

// The fill phase begins.
int watch_begin(struct watch *watch, struct error *error);

// Waits up to so long for the agent's answer, then looks at the counters.
int watch_look(struct watch *watch, int milliseconds, struct error *error);

// The steady phase, where there is one, is over as of the last look.
void watch_end_steady(struct watch *watch);

// The agent has yet to answer.
bool watch_busy(const struct watch *watch);

// The last reading: tear-down ends.
int watch_end(struct watch *watch, struct error *error);

// "phases": {...}, without what follows.
void watch_print(const struct watch *watch, struct out *out);

// "work": {..., without its end: a load may have more to say of it.
void watch_print_work(const struct watch_work *work, struct out *out);

#endif
