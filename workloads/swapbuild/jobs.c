// SPDX-License-Identifier: GPL-2.0-only
#include "jobs.h"

#include "workloads/lib/complaint.h"

#include <stdio.h>
#include <unistd.h>

static int start(struct jobs *jobs, struct job *job, struct error *error)
{
	char unit[SOURCE_NAME], object[SOURCE_NAME];
	// Freestanding: the tree's header is the only one there is.
	const char *const argv[] = {jobs->compiler, "-O2", "-ffreestanding",
				    "-c",	    unit,  "-o",
				    object,	    NULL};
	const struct start start = {.argv = argv,
				    .memcg = jobs->memcg,
				    .folder = jobs->source->folder,
				    .together = true};
	struct error cause;

	job->unit = jobs->started;
	source_name(unit, job->unit, 'c');
	source_name(object, job->unit, 'o');
	if (started_run(&job->compiler, &start, &cause))
		return error_set(error, "unit %u: %s", job->unit, cause.line);
	jobs->started++;
	jobs->running++;
	return 0;
}

static int failed(const struct job *job, struct error *error)
{
	char who[64];

	snprintf(who, sizeof(who), "unit %u: the compiler", job->unit);
	return complaint_set(error, who, job->compiler.status,
			     job->compiler.err);
}

// Takes those that have ended.
static int reap(struct jobs *jobs, struct error *error)
{
	int result = 0;

	for (unsigned int i = 0; i < jobs->most; i++) {
		struct job *job = &jobs->job[i];

		if (!job->compiler.pid || !started_gone(&job->compiler))
			continue;
		jobs->running--;
		if (!job->compiler.status)
			jobs->done++;
		else if (!result)
			result = failed(job, error);
		close(job->compiler.err);
	}
	return result;
}

static int fill(struct jobs *jobs, struct error *error)
{
	for (unsigned int i = 0;
	     i < jobs->most && jobs->started < jobs->source->units; i++)
		if (!jobs->job[i].compiler.pid &&
		    start(jobs, &jobs->job[i], error))
			return -1;
	return 0;
}

static void end_all(struct jobs *jobs)
{
	for (unsigned int i = 0; i < jobs->most; i++)
		started_kill(&jobs->job[i].compiler);
}

int jobs_run(struct jobs *jobs, struct watch *watch, struct error *error)
{
	while (jobs->done < jobs->source->units || watch_busy(watch)) {
		if (fill(jobs, error) ||
		    watch_look(watch, WATCH_LOOK_MS, error) ||
		    reap(jobs, error)) {
			end_all(jobs);
			return -1;
		}
		if (jobs->started == jobs->source->units &&
		    jobs->running < jobs->most)
			watch_end_steady(watch);
	}
	return 0;
}
