// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "procfs.h"
#include "worker.h"

/* All of it is locked: 1024 threads of the default 8 MiB would not be. */
#define STACK_BYTES ((size_t)64 << 10)

static struct stamp_id id_of(const struct worker *worker, uint64_t page)
{
	return (struct stamp_id){
		.thread = worker->index,
		.page = page,
		.generation = worker->generations[page],
	};
}

static unsigned char *address_of(const struct worker *worker, uint64_t page)
{
	return worker->region + page * worker->crew->content.page_size;
}

static void check(struct worker *worker, const struct stamp_id *id)
{
	struct finding finding;

	worker->verified++;
	if (stamp_check(&worker->crew->content, address_of(worker, id->page),
			id, &finding))
		return;
	if (worker->bad < WORKER_FIRST_BAD)
		worker->first_bad[worker->bad] = finding;
	worker->bad++;
}

static void check_page(struct worker *worker, uint64_t page)
{
	struct stamp_id id = id_of(worker, page);

	check(worker, &id);
}

static void read_page(struct worker *worker, uint64_t page)
{
	worker->read++;
	if (worker->crew->verify)
		check_page(worker, page);
	else
		worker->sum += *address_of(worker, page);
}

static void write_page(struct worker *worker, uint64_t page)
{
	struct stamp_id id;

	worker->generations[page]++;
	id = id_of(worker, page);
	worker->written++;
	stamp_write(&worker->crew->content, address_of(worker, page), &id);
}

/* Read or write a byte, so that the fault happens here and nowhere else. */
static void touch(const struct worker *worker, uint64_t page, bool write)
{
	volatile unsigned char *byte = address_of(worker, page);

	if (write)
		*byte = 0;
	else
		(void)*byte;
}

/* From `due_ns` if there is a rate, so that what waited is counted as waiting.
 */
static void touch_timed(struct worker *worker, uint64_t page, bool write,
			uint64_t due_ns, uint64_t *faults)
{
	uint64_t begin = due_ns ? due_ns : clock_ns();
	enum touch kind = TOUCH_RESIDENT;
	uint64_t end;
	uint64_t now;

	touch(worker, page, write);
	end = clock_ns();
	now = latency_major_faults();
	if (!worker->generations[page])
		kind = TOUCH_FIRST;
	else if (now != *faults)
		kind = TOUCH_SWAP_IN;
	*faults = now;
	hist_add(&worker->latency->of[kind], end - begin);
}

/* Pages next to each other that were touched one after the other. */
struct run {
	uint64_t first;
	uint64_t count;
};

static void give_away(const struct worker *worker, const struct run *run)
{
	/* It was tried out on this region; what it cannot do now, it leaves. */
	madvise(address_of(worker, run->first),
		run->count * worker->crew->content.page_size, MADV_PAGEOUT);
}

/* Give the pages touched away, as soon as there are enough. */
static void page_out(struct worker *worker, struct run *run, uint64_t page)
{
	if (run->count && page != run->first + run->count) {
		give_away(worker, run);
		run->count = 0;
	}
	if (!run->count)
		run->first = page;
	if (++run->count >= worker->crew->pageout) {
		give_away(worker, run);
		run->count = 0;
	}
}

/*
 * The loop that is measured.  Unless touches are timed, paced or given away, it
 * has no system call and no library call, and nothing shared is written: `stop`
 * is read only, the counter is our own line.  What nobody has written yet is
 * written, for a read would show the zero page.
 *
 * Inlined twice, so that what is not asked for costs no instruction.
 */
static inline __attribute__((always_inline)) void loop(struct worker *worker,
						       const bool timed)
{
	struct crew *crew = worker->crew;
	_Atomic uint64_t *progress = &worker->progress->pages;
	const uint64_t pass = walk_pass(&worker->walk);
	const struct pace pace = {worker->begin_ns, crew->threads, crew->rate,
				  worker->index};
	uint64_t faults = timed ? latency_major_faults() : 0;
	struct run run = {0, 0};
	uint64_t done = 0;

	for (uint64_t passes = 0; passes < crew->passes || !crew->passes;
	     passes++) {
		for (uint64_t i = 0; i < pass; i++) {
			uint64_t due = 0;
			uint64_t access;
			uint64_t page;
			bool write;

			if (timed && crew->rate) {
				due = pace_due(&pace, done);
				pace_wait(due);
			}
			if (atomic_load_explicit(&crew->stop,
						 memory_order_relaxed))
				return;
			access = walk_next(&worker->walk);
			page = access & ACCESS_PAGE;
			write = !(access & ACCESS_READ) ||
				!worker->generations[page];
			if (timed && crew->latency)
				touch_timed(worker, page, write, due, &faults);
			if (write)
				write_page(worker, page);
			else
				read_page(worker, page);
			if (timed && crew->pageout)
				page_out(worker, &run, page);
			atomic_store_explicit(progress, ++done,
					      memory_order_relaxed);
		}
	}
}

void worker_write(struct worker *worker)
{
	const struct crew *crew = worker->crew;

	if (crew->latency || crew->rate || crew->pageout)
		loop(worker, true);
	else
		loop(worker, false);
}

void worker_verify(struct worker *worker)
{
	const uint64_t before = worker->written + worker->read;
	uint64_t done = 0;

	for (uint64_t page = 0; page < worker->pages; page++) {
		if (!worker->generations[page])
			continue;
		check_page(worker, page);
		atomic_store_explicit(&worker->progress->pages, before + ++done,
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

void worker_populate(struct worker *worker)
{
	for (uint64_t page = 0; page < worker->pages; page++)
		write_page(worker, page);
	worker->written = 0;
}

void worker_verify_original(struct worker *worker)
{
	for (uint64_t page = 0; page < worker->pages; page++)
		check(worker, &(struct stamp_id){.thread = worker->index,
						 .page = page,
						 .generation = 1});
}

int worker_map(struct worker *worker, struct error *error)
{
	const size_t page_size = worker->crew->content.page_size;

	worker->region =
		region_map(worker->crew->plan, worker->index,
			   worker->pages * page_size, page_size, error);
	if (!worker->region)
		return -1;
	if (worker->crew->pageout &&
	    madvise(worker->region, page_size, MADV_PAGEOUT))
		return error_set(error,
				 "--pageout: MADV_PAGEOUT: %s; it takes Linux "
				 "5.4 or later",
				 strerror(errno));
	return 0;
}

static void pin(const struct worker *worker)
{
	const struct list *cpus = worker->crew->cpus;
	cpu_set_t set;

	if (!cpus->count)
		return;
	CPU_ZERO(&set);
	CPU_SET(list_at(cpus, worker->index), &set);
	/* Only what this process may use came so far. */
	sched_setaffinity(0, sizeof(set), &set);
}

void worker_work(struct worker *worker)
{
	struct crew *crew = worker->crew;

	pin(worker);
	pthread_barrier_wait(&crew->go);
	worker->begin_ns = clock_ns();
	worker_write(worker);
	worker->end_ns = clock_ns();
	tell_finished(crew);
	if (crew->verify) {
		pthread_barrier_wait(&crew->reread);
		worker_verify(worker);
	}
}

static void *run(void *argument)
{
	struct worker *worker = argument;

	pthread_barrier_wait(&worker->crew->ready);
	worker_work(worker);
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
