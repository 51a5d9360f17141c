// SPDX-License-Identifier: GPL-2.0-only
// An agent that means harm: linked into the real one, whose functions it stands
// in front of (-Wl,--wrap).  What it does is a word that the campaign puts into
// the program.
#include "runner/agent/channel.h"
#include "runner/agent/guest.h"
#include "runner/agent/heartbeat.h"
#include "workloads/lib/swap.h"
#include "runner/agent/workload.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <unistd.h>

// Volatile: the compiler must not look into it.
static volatile const char asked[32] = "what-this-agent-is-to-do";

enum { VICTIM = 6 }; // the frame that is spoilt

#define FORGED "\033[2J\033]0;owned\a\033[31mall is well\r\n\xff\xfe<script>"

static bool is(const char *word)
{
	size_t i = 0;

	while (word[i] && word[i] == asked[i])
		i++;
	return !word[i] && !asked[i];
}

static void sleep_for_ever(void)
{
	for (;;)
		sleep(1000);
}

static void on_console(const char *text, size_t times)
{
	int fd = open("/dev/console", O_WRONLY | O_CLOEXEC);

	while (times--)
		if (write(fd, text, strlen(text)) < 0)
			break;
	close(fd);
}

int __real_guest_mount(struct error *fault);
int __wrap_guest_mount(struct error *fault);

int __wrap_guest_mount(struct error *fault)
{
	if (is("exits-first"))
		exit(0);
	int failed = __real_guest_mount(fault);

	if (is("console-1g")) {
		static char line[4096];

		memset(line, 'x', sizeof(line) - 2);
		line[sizeof(line) - 2] = '\n';
		on_console(line, (1 << 30) / sizeof(line));
	}
	if (is("console-endless-line"))
		on_console("no line break ever comes, ", (1 << 30) / 26);
	if (is("console-escapes")) {
		// Behind what a kernel that has just booted says by and by.
		sleep(5);
		on_console(FORGED, 1);
	}
	if (is("off-first"))
		guest_power_off();
	if (is("hangs-first") || is("console-escapes"))
		sleep_for_ever();
	return failed;
}

int __real_heartbeat_start(struct heartbeat *heartbeat, struct error *fault);
int __wrap_heartbeat_start(struct heartbeat *heartbeat, struct error *fault);

int __wrap_heartbeat_start(struct heartbeat *heartbeat, struct error *fault)
{
	if (is("hangs-greeted"))
		sleep_for_ever();
	return is("no-heart") ? 0 : __real_heartbeat_start(heartbeat, fault);
}

void __real_heartbeat_stop(struct heartbeat *heartbeat);
void __wrap_heartbeat_stop(struct heartbeat *heartbeat);

void __wrap_heartbeat_stop(struct heartbeat *heartbeat)
{
	if (!is("no-heart") && !is("heart-stops"))
		__real_heartbeat_stop(heartbeat);
}

int __real_swap_on(const char *path, uint64_t bytes, int flags, uint8_t *page,
		   struct error *fault);
int __wrap_swap_on(const char *path, uint64_t bytes, int flags, uint8_t *page,
		   struct error *fault);

int __wrap_swap_on(const char *path, uint64_t bytes, int flags, uint8_t *page,
		   struct error *fault)
{
	return is("no-swap") ? 0
			     : __real_swap_on(path, bytes, flags, page, fault);
}

size_t __real_frame_encode(uint8_t *out, size_t room, enum frame_type type,
			   uint32_t sequence, const struct frame_part *parts,
			   size_t count);
size_t __wrap_frame_encode(uint8_t *out, size_t room, enum frame_type type,
			   uint32_t sequence, const struct frame_part *parts,
			   size_t count);

static size_t beat(uint8_t *out, size_t room, uint32_t sequence,
		   const struct frame_part *parts)
{
	size_t length = __real_frame_encode(out, room, FRAME_HEARTBEAT,
					    sequence, parts, 1);

	if (is("heart-stops") && sequence >= 4)
		sleep_for_ever();
	if (is("heart-garbage") && sequence >= 4)
		memset(out, 0xa5, length);
	while (is("heart-endless")) {
		for (size_t i = 0; i < length; i++)
			outb(out[i], HEARTBEAT_PORT);
		length = __real_frame_encode(out, room, FRAME_HEARTBEAT,
					     ++sequence, parts, 1);
	}
	return length;
}

size_t __wrap_frame_encode(uint8_t *out, size_t room, enum frame_type type,
			   uint32_t sequence, const struct frame_part *parts,
			   size_t count)
{
	if (type == FRAME_HEARTBEAT)
		return beat(out, room, sequence, parts);
	if (sequence == VICTIM) {
		if (is("frame-type"))
			type = (enum frame_type)99;
		if (is("frame-skipped"))
			sequence++;
		if (is("frame-heart"))
			type = FRAME_HEARTBEAT;
	}
	size_t length =
		__real_frame_encode(out, room, type, sequence, parts, count);

	if (sequence != VICTIM)
		return length;
	if (is("frame-checksum"))
		out[length - 1] ^= 1;
	if (is("frame-magic"))
		out[0] ^= 1;
	if (is("frame-huge"))
		put_le32(out + 12, UINT32_C(0xfffffff0));
	if (is("frame-reserved"))
		out[6] = 1;
	return length;
}

ssize_t __real_write(int fd, const void *data, size_t length);
ssize_t __wrap_write(int fd, const void *data, size_t length);

ssize_t __wrap_write(int fd, const void *data, size_t length)
{
	const uint8_t *frame = data;
	const bool victim = length > FRAME_HEADER &&
			    !memcmp(frame, "SSF1", 4) && frame[8] == VICTIM &&
			    !frame[9];

	if (victim && is("frame-half")) {
		__real_write(fd, data, length / 2);
		guest_power_off();
	}
	if (victim && is("frame-twice"))
		__real_write(fd, data, length);
	return __real_write(fd, data, length);
}

int __real_channel_file(struct channel *channel, const char *name,
			const char *data, size_t length, struct error *fault);
int __wrap_channel_file(struct channel *channel, const char *name,
			const char *data, size_t length, struct error *fault);

// More than a host should take.
static void flood(struct channel *channel, struct error *fault)
{
	static char data[1 << 20];
	char name[32];

	for (unsigned int i = 0; is("files-many"); i++) {
		snprintf(name, sizeof(name), "file-%u", i);
		__real_channel_file(channel, name, "x", 1, fault);
	}
	while (is("file-endless"))
		__real_channel_file(channel, "flood", data, sizeof(data),
				    fault);
	for (unsigned int i = 0; is("files-endless"); i++) {
		snprintf(name, sizeof(name), "file-%u", i / 7);
		__real_channel_file(channel, name, data, sizeof(data), fault);
	}
	while (is("events-endless"))
		channel_line(channel, FRAME_EVENT, fault, "%3900s", "again");
}

// In place of a file's content; static, for it may be large.
static const char *forge(const char *data, size_t *length)
{
	static char text[1 << 20];

	if (is("content-garbage")) {
		*length = strlen(FORGED);
		return FORGED;
	}
	if (is("content-half")) {
		*length /= 2;
		return data;
	}
	if (is("content-none")) {
		*length = 0;
		return data;
	}
	if (*length > sizeof(text))
		*length = sizeof(text);
	memcpy(text, data, *length);
	for (size_t i = 0; i < *length; i++)
		if (text[i] >= '0' && text[i] <= '9')
			text[i] = is("content-zero") ? '0' : '9';
	return text;
}

int __wrap_channel_file(struct channel *channel, const char *name,
			const char *data, size_t length, struct error *fault)
{
	const bool content = !strncmp((const char *)asked, "content-", 8);

	flood(channel, fault);
	if (is("path-above"))
		name = "../../../../owned";
	if (is("path-absolute"))
		name = "/tmp/owned";
	if (is("path-ours"))
		name = "boot.json";
	if (is("workload-deep") && !strcmp(name, "workload.json")) {
		static char deep[200000];

		memset(deep, '[', sizeof(deep));
		return __real_channel_file(channel, name, deep, sizeof(deep),
					   fault);
	}
	if (is("workload-half") && !strcmp(name, "workload.json"))
		length /= 2;
	if (content && !strcmp(name, "steady-end.vmstat"))
		data = forge(data, &length);
	return __real_channel_file(channel, name, data, length, fault);
}

int __real_workload_start(struct workload *workload, struct error *fault);
int __wrap_workload_start(struct workload *workload, struct error *fault);

int __wrap_workload_start(struct workload *workload, struct error *fault)
{
	struct channel *channel = workload->channel;

	if (is("heart-stops"))
		sleep_for_ever();
	if (is("says-done"))
		channel_line(channel, FRAME_DONE, fault, "%s", "");
	if (is("says-hello"))
		channel_line(channel, FRAME_HELLO, fault, "agent %d\n", 1);
	if (is("says-error")) {
		channel_line(channel, FRAME_ERROR, fault, "%s", FORGED);
		guest_power_off();
	}
	if (is("says-nonsense"))
		channel_line(channel, FRAME_WORKLOAD, fault, "%s", FORGED);
	if (is("says-good")) {
		channel_line(channel, FRAME_WORKLOAD, fault, "exited %d", 0);
		channel_line(channel, FRAME_DONE, fault, "%s", "");
		sleep(1);
		guest_power_off();
	}
	return __real_workload_start(workload, fault);
}
