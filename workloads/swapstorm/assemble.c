// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "assemble.h"
#include "layout.h"
#include "process.h"

// Zeroed whole pages, touched; for good: the process ends before they do.
// Shared where workers are processes.
static void *take_memory(const struct options *options, size_t bytes,
			 struct error *error)
{
	int sharing = options->processes ? MAP_SHARED : MAP_PRIVATE;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			    sharing | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory != MAP_FAILED)
		return memory;
	error_set(error, "cannot allocate %zu bytes for itself: %s", bytes,
		  strerror(errno));
	return NULL;
}

static struct progress *map_progress(const struct options *options,
				     struct error *error)
{
	size_t bytes = options->threads * sizeof(struct progress);
	int fd = options->progress_fd;
	struct stat status;
	void *memory;

	if (fd < 0)
		return take_memory(options, bytes, error);
	if (fstat(fd, &status)) {
		error_set(error, "--progress-fd: %d: %s", fd, strerror(errno));
		return NULL;
	}
	if ((size_t)status.st_size < bytes) {
		error_set(error,
			  "--progress-fd: %d: %lld bytes are too few for "
			  "%" PRIu64 " threads, which need %zu",
			  fd, (long long)status.st_size, options->threads,
			  bytes);
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

static int make_worker(struct worker *worker, const struct options *options,
		       struct error *error)
{
	uint64_t *table = NULL;

	worker->generations = take_memory(
		options, worker->pages * sizeof(*worker->generations), error);
	if (!worker->generations)
		return -1;
	if (options->latency) {
		worker->latency =
			take_memory(options, sizeof(*worker->latency), error);
		if (!worker->latency)
			return -1;
	}
	if (options->pattern->tabled) {
		table = take_memory(options, worker->pages * sizeof(*table),
				    error);
		if (!table)
			return -1;
	}
	worker->key = stamp_key(options->seed, worker->index);
	walk_start(&worker->walk, options->pattern, &options->settings,
		   worker->pages, options->seed + worker->index, table);
	return 0;
}

static int make_workers(struct control *control, const struct options *options,
			uint64_t share, struct error *error)
{
	struct progress *progress = map_progress(options, error);

	if (!progress)
		return -1;
	control->workers = take_memory(
		options, options->threads * sizeof(struct worker), error);
	if (!control->workers)
		return -1;
	for (unsigned int i = 0; i < options->threads; i++) {
		struct worker *worker = &control->workers[i];

		worker->crew = control->crew;
		worker->progress = &progress[i];
		worker->index = i;
		worker->pages = layout_region(options, share);
		if (make_worker(worker, options, error))
			return -1;
	}
	return 0;
}

struct crew *assemble(struct control *control, const struct options *options,
		      const struct region_plan *plan,
		      const struct content *content, uint64_t share,
		      struct error *error)
{
	struct crew *crew = take_memory(options, sizeof(*crew), error);

	if (!crew)
		return NULL;
	crew->content = *content;
	crew->plan = plan;
	crew->cpus = &options->cpus;
	crew->threads = (unsigned int)options->threads;
	crew->processes = options->processes;
	crew->share = share;
	crew->together = options->together && options->threads > 1;
	crew->left = (int64_t)(share * options->threads);
	crew->passes = options->passes;
	crew->verify = options->verify;
	crew->bare = options->bare;
	crew->latency = options->latency;
	crew->rate = options->rate;
	crew->pageout = options->pageout;
	crew->after = (struct after_plan){
		.asked = {[AFTER_SWAPIN] = options->swapin != SWAPIN_NONE,
			  [AFTER_DROP] = options->swapoff,
			  [AFTER_FREE] = options->free},
		.order = (enum swapin)options->swapin,
		.keep = options->keep / options->threads / content->page_size,
	};
	crew->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (crew->wake_fd < 0) {
		error_set(error, "eventfd: %s", strerror(errno));
		return NULL;
	}
	control->crew = crew;
	control->settle = options->settle / content->page_size;
	control->sample_ms = (unsigned int)options->sample_ms;
	control->time_limit_ns = options->time_limit_us * 1000;
	if (options->series_ms) {
		void *rows = take_memory(options, series_bytes(crew->threads),
					 error);

		if (!rows)
			return NULL;
		series_init(&control->series, crew->threads,
			    options->series_ms * 1000000, rows);
	}
	if (make_workers(control, options, share, error))
		return NULL;
	return crew;
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

static int start_threads(struct control *control, struct error *error)
{
	struct crew *crew = control->crew;

	for (unsigned int i = 0; i < crew->threads; i++) {
		if (worker_start(&control->workers[i], error))
			return -1;
	}
	if (control_pass(control, &crew->ready, error))
		return -1;
	if (lock_own_memory(error))
		return -1;
	for (unsigned int i = 0; i < crew->threads; i++) {
		if (worker_map(&control->workers[i], error))
			return -1;
	}
	return 0;
}

static int start_processes(struct control *control, struct error *error)
{
	struct crew *crew = control->crew;

	if (lock_own_memory(error))
		return -1;
	for (unsigned int i = 0; i < crew->threads; i++) {
		struct worker *worker = &control->workers[i];

		if (crew->plan->kind != REGION_COW)
			continue;
		if (worker_map(worker, error))
			return -1;
		worker_populate(worker);
	}
	for (unsigned int i = 0; i < crew->threads; i++) {
		if (process_start(&control->workers[i], error))
			return -1;
	}
	if (control_pass(control, &crew->ready, error))
		return -1;
	for (unsigned int i = 0; i < crew->threads; i++) {
		if (process_failed(&control->workers[i], error))
			return -1;
	}
	return 0;
}

int assemble_start(struct control *control, struct error *error)
{
	return control->crew->processes ? start_processes(control, error)
					: start_threads(control, error);
}
