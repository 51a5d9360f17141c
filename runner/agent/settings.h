// SPDX-License-Identifier: GPL-2.0-only
// Settings of the kernel's that the job asks for: files of /proc/sys and /sys,
// written once and read again, since a kernel may refuse a value, round it or
// take it back later.  Whether what was read is what was asked for is for the
// host to say.
#ifndef AGENT_SETTINGS_H
#define AGENT_SETTINGS_H

#include "channel.h"
#include "workloads/lib/error.h"
#include "job.h"

// Writes each file.  One that cannot be written is none of our faults: what it
// reads later tells.
void settings_apply(struct job *job);

// Sends NAME.settings: a line of path, errno of the write (0: none), and what
// the file reads now, or "!" and the errno of that.  Nothing without settings.
int settings_send(const struct job *job, struct channel *channel,
		  const char *name, struct error *fault);

#endif
