// SPDX-License-Identifier: GPL-2.0-only
#include "channel.h"

#include "workloads/lib/text.h"
#include "workloads/lib/wait.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PORT_NAME "swapscale.channel"

// The device node of our port, or an empty path; its number is not ours to
// assume.
static void find_port(const char *sys, char *node, size_t size)
{
	char path[512], name[64];
	struct dirent *entry;

	node[0] = '\0';
	snprintf(path, sizeof(path), "%s/class/virtio-ports", sys);
	DIR *ports = opendir(path);

	if (!ports)
		return;
	while ((entry = readdir(ports))) {
		snprintf(path, sizeof(path), "%s/class/virtio-ports/%s/name",
			 sys, entry->d_name);
		if (text_read_line(path, name, sizeof(name)) > 0 &&
		    !strcmp(name, PORT_NAME))
			snprintf(node, size, "/dev/%s", entry->d_name);
	}
	closedir(ports);
}

int channel_open(struct channel *channel, const char *sys, int wait_ms,
		 struct error *fault)
{
	char node[300];
	int error = 0;

	for (int waited = 0;; waited += wait_step()) {
		find_port(sys, node, sizeof(node));
		if (node[0]) {
			channel->fd = open(node, O_WRONLY | O_CLOEXEC);
			if (channel->fd >= 0)
				return 0;
			error = errno;
		}
		if (waited >= wait_ms)
			break;
	}
	if (error)
		return error_coded(fault, ERROR_CHANNEL, "%s: %s", node,
				   strerror(error));
	return error_coded(fault, ERROR_CHANNEL,
			   "no virtio port called " PORT_NAME " within %d ms",
			   wait_ms);
}

static int send_frame(struct channel *channel, enum frame_type type,
		      const struct frame_part *parts, size_t count,
		      struct error *fault)
{
	size_t length = frame_encode(channel->frame, sizeof(channel->frame),
				     type, channel->sequence, parts, count);
	size_t sent = 0;

	if (!length)
		return error_coded(fault, ERROR_CHANNEL,
				   "a frame of type %d is too long", (int)type);
	channel->sequence++;
	while (sent < length) {
		ssize_t wrote = write(channel->fd, channel->frame + sent,
				      length - sent);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return error_coded(fault, ERROR_CHANNEL, "write: %s",
					   strerror(errno));
		sent += (size_t)wrote;
	}
	return 0;
}

int channel_line(struct channel *channel, enum frame_type type,
		 struct error *fault, const char *format, ...)
{
	char line[CHANNEL_CHUNK];
	va_list args;

	va_start(args, format);
	int length = vsnprintf(line, sizeof(line), format, args);

	va_end(args);
	if (length < 0)
		length = 0;
	if ((size_t)length >= sizeof(line))
		length = (int)sizeof(line) - 1;
	const struct frame_part part = {line, (size_t)length};

	return send_frame(channel, type, &part, 1, fault);
}

int channel_file(struct channel *channel, const char *name, const char *data,
		 size_t length, struct error *fault)
{
	const uint8_t name_length = (uint8_t)strlen(name);

	do {
		size_t chunk = length < CHANNEL_CHUNK ? length : CHANNEL_CHUNK;
		const struct frame_part parts[] = {
			{&name_length, 1},
			{name, name_length},
			{data, chunk},
		};

		if (send_frame(channel, FRAME_FILE, parts, 3, fault))
			return -1;
		data += chunk;
		length -= chunk;
	} while (length);
	return 0;
}
