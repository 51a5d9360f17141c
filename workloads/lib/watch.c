// SPDX-License-Identifier: GPL-2.0-only
#include "watch.h"

#include "number.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>

int watch_notify_option(struct watch *watch, const char *text,
			struct error *error)
{
	uint64_t number;

	if (number_range("--notify-fd", text, 0, 1023, &number, error))
		return -1;
	watch->notify_fd = (int)number;
	return 0;
}

int watch_progress_option(struct watch *watch, const char *text,
			  struct error *error)
{
	uint64_t number;

	if (number_range("--progress-fd", text, 0, 1023, &number, error))
		return -1;
	void *shared = mmap(NULL, sizeof(uint64_t), PROT_READ | PROT_WRITE,
			    MAP_SHARED, (int)number, 0);

	if (shared == MAP_FAILED)
		return error_set(error, "--progress-fd: %s", strerror(errno));
	watch->progress = shared;
	return 0;
}

int watch_begin(struct watch *watch, struct error *error)
{
	notify_init(&watch->notify, watch->notify_fd);
	if (vmstat_open(&watch->vmstat, error) ||
	    vmstat_read(&watch->vmstat, &watch->fill.begin, error))
		return -1;
	watch->now = watch->fill.begin;
	return 0;
}

int watch_look(struct watch *watch, int milliseconds, struct error *error)
{
	struct pollfd fd = {.fd = watch->notify_fd, .events = POLLIN};

	const struct timespec limit = {.tv_nsec = milliseconds * 1000000L};

	ppoll(&fd, 1, &limit, watch->waiting);
	if (vmstat_read(&watch->vmstat, &watch->now, error) ||
	    notify_step(&watch->notify, fd.revents != 0, watch->now.t_ns,
			error))
		return -1;
	if (watch->progress)
		*watch->progress = watch->now.pswpout;
	if (!watch->began && watch->now.pswpout - watch->fill.begin.pswpout >=
				     WATCH_FULL_PAGES) {
		watch->began = true;
		watch->fill.end = watch->steady.begin = watch->now;
		notify_push(&watch->notify, "steady-begin\n");
	}
	return 0;
}

void watch_end_steady(struct watch *watch)
{
	if (!watch->began || watch->ended)
		return;
	watch->ended = true;
	watch->steady.end = watch->teardown.begin = watch->now;
	notify_push(&watch->notify, "steady-end\n");
}

bool watch_busy(const struct watch *watch)
{
	return notify_busy(&watch->notify);
}

int watch_end(struct watch *watch, struct error *error)
{
	return vmstat_read(&watch->vmstat, &watch->teardown.end, error);
}

static void span(struct out *out, const char *name, bool there,
		 const struct watch_span *span, const char *end)
{
	if (!there)
		out_text(out, "  \"%s\": null%s\n", name, end);
	else
		out_text(out,
			 "  \"%s\": {\"begin_ns\": %" PRIu64
			 ", \"end_ns\": %" PRIu64
			 ", \"pswpout_begin\": %" PRIu64
			 ", \"pswpout_end\": %" PRIu64 "}%s\n",
			 name, span->begin.t_ns, span->end.t_ns,
			 span->begin.pswpout, span->end.pswpout, end);
}

void watch_print(const struct watch *watch, struct out *out)
{
	out_text(out, " \"phases\": {\n");
	span(out, "fill", watch->began, &watch->fill, ",");
	span(out, "steady", watch->ended, &watch->steady, ",");
	span(out, "teardown", watch->ended, &watch->teardown, "");
	out_text(out, " }");
}

void watch_print_work(const struct watch_work *work, struct out *out)
{
	out_text(out,
		 " \"work\": {\"done\": %" PRIu64 ", \"begin_ns\": %" PRIu64
		 ", \"end_ns\": %" PRIu64 ", \"user_us\": %" PRIu64
		 ", \"system_us\": %" PRIu64 ",\n  \"pswpout\": %" PRIu64
		 ", \"pswpin\": %" PRIu64,
		 work->done, work->begin.t_ns, work->end.t_ns, work->user_us,
		 work->system_us, work->end.pswpout - work->begin.pswpout,
		 work->end.pswpin - work->begin.pswpin);
}
