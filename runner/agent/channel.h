// SPDX-License-Identifier: GPL-2.0-only
// The way to the host: the virtio-serial port "swapscale.channel", or any file
// descriptor when the agent runs outside a guest.
#ifndef AGENT_CHANNEL_H
#define AGENT_CHANNEL_H

#include "workloads/lib/error.h"
#include "workloads/lib/frame.h"

enum {
	// The kernel's port driver copies every write into one kmalloc; a page
	// at most is the one size that is still found under memory pressure
	// without compaction.
	CHANNEL_FRAME = 4096,
	CHANNEL_NAME = 64,
	CHANNEL_CHUNK = CHANNEL_FRAME - FRAME_HEADER - 1 - CHANNEL_NAME,
};

struct channel {
	int fd; // -1: not open
	uint32_t sequence;
	uint8_t frame[CHANNEL_FRAME];
};

// Waits up to wait_ms for the port to show up under sys (/sys) and opens it.
int channel_open(struct channel *channel, const char *sys, int wait_ms,
		 struct error *fault);

// One frame of one line of text.
int channel_line(struct channel *channel, enum frame_type type,
		 struct error *fault, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

// Content of the file called name on the host, in as many frames as it takes;
// further calls append.  Length 0 makes the file exist.
int channel_file(struct channel *channel, const char *name, const char *data,
		 size_t length, struct error *fault);

#endif
