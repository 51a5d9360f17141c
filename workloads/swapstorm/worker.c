// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procfs.h"
#include "worker.h"

/* All of it is locked: 1024 threads of the default 8 MiB would not be. */
#define STACK_BYTES ((size_t)64 << 10)

uint64_t worker_generation(const struct worker *worker, uint64_t page)
{
	return page < worker->cursor ? worker->generation
				     : worker->generation - 1;
}

/*
 * The loop that is measured.  No system call, no library call but memcpy, and
 * nothing shared is written: `stop` is read only, the counter is our own line.
 */
void worker_write(struct worker *worker)
{
	struct crew *crew = worker->crew;
	_Atomic uint64_t *progress = &worker->progress->pages;
	const size_t page_size = crew->pool.page_size;
	const uint64_t pages = worker->pages;
	struct stamp_id id = {.thread = worker->index};
	uint64_t written = 0;

	do {
		unsigned char *page = worker->region;

		id.generation++;
		for (id.page = 0; id.page < pages; id.page++) {
			if (atomic_load_explicit(&crew->stop,
						 memory_order_relaxed))
				goto out;
			stamp_write(&crew->pool, page, &id);
			page += page_size;
			atomic_store_explicit(progress, ++written,
					      memory_order_relaxed);
		}
	} while (id.generation != crew->passes);
out:
	worker->generation = id.generation;
	worker->cursor = id.page;
	worker->written = written;
}

void worker_verify(struct worker *worker)
{
	struct crew *crew = worker->crew;
	struct finding finding;

	for (uint64_t page = 0; page < worker->pages; page++) {
		struct stamp_id id = {
			.thread = worker->index,
			.page = page,
			.generation = worker_generation(worker, page),
		};

		if (id.generation == 0)
			return; /* stopped here in the first pass */
		if (!stamp_check(&crew->pool,
				 worker->region + page * crew->pool.page_size,
				 &id, &finding)) {
			if (worker->bad < WORKER_FIRST_BAD)
				worker->first_bad[worker->bad] = finding;
			worker->bad++;
		}
		worker->verified++;
		atomic_store_explicit(&worker->progress->pages,
				      worker->written + worker->verified,
				      memory_order_relaxed);
	}
}

static void tell_finished(struct crew *crew)
{
	const uint64_t one = 1;
	unsigned int before = atomic_fetch_add(&crew->finished, 1);

	/* An eventfd takes 2^64 - 2 of these before a write could fail. */
	if ((before == 0 || before + 1 == crew->threads) &&
	    write(crew->wake_fd, &one, sizeof(one)) < 0)
		abort();
}

static void *run(void *argument)
{
	struct worker *worker = argument;
	struct crew *crew = worker->crew;

	pthread_barrier_wait(&crew->ready);
	pthread_barrier_wait(&crew->go);
	worker->begin_ns = clock_ns();
	worker_write(worker);
	worker->end_ns = clock_ns();
	tell_finished(crew);
	if (crew->verify) {
		pthread_barrier_wait(&crew->reread);
		worker_verify(worker);
	}
	return NULL;
}

int worker_start(struct worker *worker, struct error *error)
{
	pthread_attr_t attributes;
	int failed = pthread_attr_init(&attributes);

	if (!failed) {
		failed = pthread_attr_setstacksize(&attributes, STACK_BYTES);
		if (!failed)
			failed = pthread_create(&worker->thread, &attributes,
						run, worker);
		pthread_attr_destroy(&attributes);
	}
	if (failed)
		return error_set(error, "--threads: cannot start thread %u: %s",
				 worker->index, strerror(failed));
	return 0;
}
