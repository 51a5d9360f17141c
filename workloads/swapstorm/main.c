// SPDX-License-Identifier: GPL-2.0-only
/*
 * swapstorm: write more anonymous memory than there is RAM, from N threads.
 * See docs/man/swapstorm.1.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "control.h"
#include "help.h"
#include "layout.h"
#include "report.h"

#define VERSION "1"

enum { EXIT_BAD_PAGES = 1, EXIT_USAGE = 2, EXIT_CANNOT = 3 };

/* Static, so that it is there, and locked, before memory gets short. */
static struct storm {
	struct options options;
	struct memory memory;
	struct crew crew;
	struct vmstat vmstat;
	struct control control;
	struct out out;
	struct error error;
} storm;

/* Zeroed whole pages, touched; for good: the process ends before they do. */
static void *take_memory(size_t bytes, struct error *error)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory != MAP_FAILED)
		return memory;
	error_set(error, "cannot allocate %zu bytes for itself: %s", bytes,
		  strerror(errno));
	return NULL;
}

static struct progress *map_progress(int fd, uint64_t threads,
				     struct error *error)
{
	size_t bytes = threads * sizeof(struct progress);
	struct stat status;
	void *memory;

	if (fd < 0)
		return take_memory(bytes, error);
	if (fstat(fd, &status)) {
		error_set(error, "--progress-fd: %d: %s", fd, strerror(errno));
		return NULL;
	}
	if ((size_t)status.st_size < bytes) {
		error_set(error,
			  "--progress-fd: %d: %lld bytes are too few for "
			  "%" PRIu64 " threads, which need %zu",
			  fd, (long long)status.st_size, threads, bytes);
		return NULL;
	}
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_POPULATE, fd, 0);
	if (memory == MAP_FAILED) {
		error_set(error, "--progress-fd: %d: cannot map it: %s", fd,
			  strerror(errno));
		return NULL;
	}
	return memory;
}

static int check_notify_fd(int fd, struct error *error)
{
	struct stat status;

	if (fd >= 0 && fstat(fd, &status))
		return error_set(error, "--notify-fd: %d: %s", fd,
				 strerror(errno));
	return 0;
}

/* Threads up to the `ready` barrier; everything but the regions in place. */
static int assemble(struct storm *s, uint64_t pages, struct error *error)
{
	const struct options *options = &s->options;
	struct crew *crew = &s->crew;
	struct control *control = &s->control;
	struct progress *progress =
		map_progress(options->progress_fd, options->threads, error);

	if (!progress)
		return -1;
	control->workers =
		take_memory(options->threads * sizeof(struct worker), error);
	if (!control->workers)
		return -1;
	crew->threads = (unsigned int)options->threads;
	crew->passes = options->passes;
	crew->verify = options->verify;
	crew->latency = options->latency;
	crew->rate = options->rate;
	crew->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (crew->wake_fd < 0)
		return error_set(error, "eventfd: %s", strerror(errno));
	pthread_barrier_init(&crew->ready, NULL, crew->threads + 1);
	pthread_barrier_init(&crew->go, NULL, crew->threads + 1);
	pthread_barrier_init(&crew->reread, NULL, crew->threads + 1);
	control->crew = crew;
	control->vmstat = &s->vmstat;
	control->sample_ms = (unsigned int)options->sample_ms;
	control->time_limit_ns = options->time_limit_us * 1000;
	notify_init(&control->notify, options->notify_fd);
	if (options->series_ms) {
		void *rows = take_memory(series_bytes(crew->threads), error);

		if (!rows)
			return -1;
		series_init(&control->series, crew->threads,
			    options->series_ms * 1000000, rows);
	}
	for (unsigned int i = 0; i < crew->threads; i++) {
		struct worker *worker = &control->workers[i];

		worker->crew = crew;
		worker->progress = &progress[i];
		worker->index = i;
		worker->pages = pages;
		worker->generations = take_memory(
			pages * sizeof(*worker->generations), error);
		if (!worker->generations)
			return -1;
		if (options->latency) {
			worker->latency =
				take_memory(sizeof(*worker->latency), error);
			if (!worker->latency)
				return -1;
		}
		walk_start(&worker->walk, options->pattern, &options->settings,
			   pages, options->seed + i);
		if (worker_start(worker, error))
			return -1;
	}
	pthread_barrier_wait(&crew->ready);
	return 0;
}

static int lock_own_memory(struct error *error)
{
	if (!mlockall(MCL_CURRENT))
		return 0;
	return error_set(error,
			 "cannot lock its own memory: %s; run it as root or "
			 "raise the limit (ulimit -l)",
			 strerror(errno));
}

/*
 * An inaccessible page after the region stops an overrun, and keeps the kernel
 * from merging neighbouring regions into one.
 */
static int map_region(struct worker *worker, struct error *error)
{
	size_t page_size = worker->crew->content.page_size;
	size_t bytes = worker->pages * page_size;
	unsigned char *region =
		mmap(NULL, bytes + page_size, PROT_NONE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (region == MAP_FAILED ||
	    mprotect(region, bytes, PROT_READ | PROT_WRITE))
		return error_set(error,
				 "cannot map %zu bytes for thread %u: %s",
				 bytes, worker->index, strerror(errno));
	/* EINVAL: a kernel that has no huge pages to refuse. */
	if (madvise(region, bytes, MADV_NOHUGEPAGE) && errno != EINVAL)
		return error_set(error, "madvise: %s", strerror(errno));
	worker->region = region;
	return 0;
}

static int storm_run(struct storm *s, uint64_t pages, struct error *error)
{
	struct reading first;

	if (assemble(s, pages, error) || vmstat_open(&s->vmstat, error) ||
	    lock_own_memory(error))
		return -1;
	for (unsigned int i = 0; i < s->crew.threads; i++) {
		if (map_region(&s->control.workers[i], error))
			return -1;
	}
	/* The kernel allocates what this descriptor needs now, not later. */
	if (vmstat_read(&s->vmstat, &first, error) ||
	    control_write(&s->control, error))
		return -1;
	if (s->crew.verify)
		return control_verify(&s->control, error);
	for (unsigned int i = 0; i < s->crew.threads; i++)
		pthread_join(s->control.workers[i].thread, NULL);
	return 0;
}

static int complain(struct storm *s, int status)
{
	struct out *out = &s->out;

	out->fd = STDERR_FILENO;
	out->used = 0;
	out_text(out, "swapstorm: %s\n", s->error.line);
	out_flush(out);
	return status;
}

static int say(struct storm *s)
{
	int failed = out_flush(&s->out);

	if (!failed)
		return 0;
	error_set(&s->error, "standard output: %s", strerror(failed));
	s->out.failed = 0;
	return complain(s, EXIT_CANNOT);
}

static int storm_measure(struct storm *s)
{
	struct report report = {
		.options = &s->options,
		.memory = &s->memory,
		.crew = &s->crew,
		.phases = &s->control.phases,
		.series = &s->control.series,
	};
	uint64_t pages = 0;
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	int status;

	s->crew.content = content_make(s->options.seed, page_size,
				       (unsigned int)s->options.compressible,
				       s->options.same_filled);
	if (procfs_memory(&s->memory, &s->error))
		return complain(s, EXIT_CANNOT);
	if (layout_pages(&s->options, &s->memory, page_size, &pages, &s->error))
		return complain(s, EXIT_USAGE);
	if (!s->options.allow_oom &&
	    layout_room(&s->memory, pages * page_size * s->options.threads,
			&s->error))
		return complain(s, EXIT_CANNOT);
	if (check_notify_fd(s->options.notify_fd, &s->error) ||
	    storm_run(s, pages, &s->error))
		return complain(s, EXIT_CANNOT);
	report.workers = s->control.workers;
	report_write(&report, &s->out);
	status = say(s);
	if (!status && report_bad_pages(&report))
		status = EXIT_BAD_PAGES;
	return status;
}

int main(int argc, char *argv[])
{
	struct storm *s = &storm;

	/* A peer or reader that went away is an error with a message. */
	signal(SIGPIPE, SIG_IGN);
	s->out.fd = STDOUT_FILENO;
	switch (options_parse(argc, argv, &s->options, &s->error)) {
	case OPTIONS_HELP:
		help_write(&s->out);
		return say(s);
	case OPTIONS_VERSION:
		out_text(&s->out, "swapstorm " VERSION "\n");
		return say(s);
	case OPTIONS_BAD:
		return complain(s, EXIT_USAGE);
	case OPTIONS_RUN:
		break;
	}
	return storm_measure(s);
}
