// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "notify.h"

void notify_init(struct notify *notify, int fd)
{
	*notify = (struct notify){.fd = fd};
}

void notify_push(struct notify *notify, const char *line)
{
	if (notify->fd >= 0)
		notify->queue[notify->queued++] = line;
}

bool notify_busy(const struct notify *notify)
{
	return notify->answered < notify->queued;
}

static int take_answer(struct notify *notify, struct error *error)
{
	char bytes[16];
	ssize_t n = read(notify->fd, bytes, sizeof(bytes));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	// A terminal says EIO where a socket says end of file.
	if (n < 0 && errno != EIO)
		return error_set(error, "--notify-fd: %s", strerror(errno));
	if (n <= 0)
		return error_set(error,
				 "--notify-fd: the peer closed it without "
				 "answering");
	if (n > 1)
		return error_set(error,
				 "--notify-fd: the peer answered %zd bytes or "
				 "more, not 1",
				 n);
	notify->waiting = false;
	notify->answered++;
	return 0;
}

static int send_next(struct notify *notify, uint64_t now_ns,
		     struct error *error)
{
	const char *line = notify->queue[notify->answered];
	size_t length = strlen(line);
	struct pollfd early = {.fd = notify->fd, .events = POLLIN};
	ssize_t n;

	if (poll(&early, 1, 0) > 0 && (early.revents & POLLIN)) {
		// Readable at its end, too: then the write says so as well.
		char byte;

		if (read(notify->fd, &byte, 1) > 0)
			return error_set(error,
					 "--notify-fd: the peer answered "
					 "before it was asked");
	}
	do {
		n = write(notify->fd, line, length);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_set(error, "--notify-fd: %s",
				 (errno == EPIPE || errno == EIO)
					 ? "the peer closed it"
					 : strerror(errno));
	if ((size_t)n != length)
		return error_set(error, "--notify-fd: took %zd bytes of %zu", n,
				 length);
	notify->waiting = true;
	notify->sent_ns = now_ns;
	return 0;
}

int notify_step(struct notify *notify, bool readable, uint64_t now_ns,
		struct error *error)
{
	if (notify->waiting && readable && take_answer(notify, error))
		return -1;
	if (notify->waiting && now_ns - notify->sent_ns >= NOTIFY_LIMIT_NS)
		return error_set(error,
				 "--notify-fd: no answer within %d seconds",
				 (int)(NOTIFY_LIMIT_NS / 1000000000));
	if (!notify->waiting && notify_busy(notify))
		return send_next(notify, now_ns, error);
	return 0;
}
