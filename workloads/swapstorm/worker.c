// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "loop.h"
#include "workloads/lib/procfs.h"

// All of it is locked: 1024 threads of the default 8 MiB would not be.
#define STACK_BYTES ((size_t)64 << 10)

// A bad page is put right: the next read, the next generation and the last
// check would find the same damage again, and it is to be counted once.
static void check(struct worker *worker, const struct stamp_id *id)
{
	const struct content *content = &worker->crew->content;
	unsigned char *page = worker_page(worker, id->page);
	struct finding finding;

	worker->verified++;
	if (stamp_check(content, page, id, &finding))
		return;
	if (worker->bad < WORKER_FIRST_BAD)
		worker->first_bad[worker->bad] = finding;
	worker->bad++;
	memset(page, 0, content->page_size);
	stamp_write(content, page, id);
}

void worker_check(struct worker *worker, uint64_t page)
{
	check(worker, &(struct stamp_id){
			      .thread = worker->index,
			      .page = page,
			      .generation = worker->generations[page],
		      });
}

void worker_write(struct worker *worker)
{
	const struct crew *crew = worker->crew;
	const bool plain = content_is_stamp(&crew->content);

	if (crew->bare)
		loop_bare(worker);
	else if (crew->latency || crew->rate || crew->pageout)
		loop_all(worker,
			 (struct loop_kind){.timed = true, .dealt = true});
	else if (crew->together && plain)
		loop_all(worker,
			 (struct loop_kind){.plain = true, .dealt = true});
	else if (crew->together)
		loop_all(worker, (struct loop_kind){.dealt = true});
	else if (plain)
		loop_all(worker, (struct loop_kind){.plain = true});
	else
		loop_all(worker, (struct loop_kind){.plain = false});
}

void worker_verify(struct worker *worker)
{
	const struct after_plan *plan = &worker->crew->after;
	const uint64_t before = worker->written + worker->read;
	uint64_t done = 0;
	uint64_t pages = worker->pages;

	if (plan->asked[AFTER_DROP] && plan->keep < pages)
		pages = plan->keep;
	for (uint64_t page = 0; page < pages; page++) {
		if (!worker->generations[page])
			continue;
		worker_check(worker, page);
		atomic_store_explicit(&worker->progress->pages, before + ++done,
				      memory_order_relaxed);
	}
}

static void tell_finished(struct crew *crew)
{
	const uint64_t one = 1;
	unsigned int before = atomic_fetch_add(&crew->finished, 1);

	// An eventfd takes 2^64 - 2 of these before a write could fail.
	if ((before == 0 || before + 1 == crew->threads) &&
	    write(crew->wake_fd, &one, sizeof(one)) < 0)
		abort();
}

void worker_populate(struct worker *worker)
{
	for (uint64_t page = 0; page < worker->pages; page++)
		loop_write(worker, page, (struct loop_kind){.plain = false});
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
	// Only what this process may use came so far.
	sched_setaffinity(0, sizeof(set), &set);
}

// Of this thread alone, be it a process's.
static void cpu_time(uint64_t *user_us, uint64_t *system_us)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	*user_us = (uint64_t)usage.ru_utime.tv_sec * 1000000 +
		   (uint64_t)usage.ru_utime.tv_usec;
	*system_us = (uint64_t)usage.ru_stime.tv_sec * 1000000 +
		     (uint64_t)usage.ru_stime.tv_usec;
}

void worker_work(struct worker *worker)
{
	struct crew *crew = worker->crew;
	uint64_t user_us, system_us;

	pin(worker);
	gate_wait(&crew->go);
	cpu_time(&user_us, &system_us);
	worker->begin_ns = clock_ns();
	worker_write(worker);
	worker->end_ns = clock_ns();
	cpu_time(&worker->user_us, &worker->system_us);
	worker->user_us -= user_us;
	worker->system_us -= system_us;
	tell_finished(crew);
	if (crew->plan->nodes->count)
		worker->placement = placement_of(
			worker->region, worker->pages, crew->content.page_size,
			list_at(crew->plan->nodes, worker->index));
	after_work(worker, AFTER_SWAPIN);
	after_work(worker, AFTER_DROP);
	if (crew->verify) {
		gate_wait(&crew->reread);
		worker_verify(worker);
	}
	after_work(worker, AFTER_FREE);
}

static void *run(void *argument)
{
	struct worker *worker = argument;

	gate_wait(&worker->crew->ready);
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
