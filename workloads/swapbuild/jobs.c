// SPDX-License-Identifier: GPL-2.0-only
#include "jobs.h"

#include "workloads/lib/complaint.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int child(const struct jobs *jobs, const struct job *job)
{
	char unit[SOURCE_NAME], object[SOURCE_NAME];
	// Freestanding: the tree's header is the only one there is.
	char *const argv[] = {
		(char *)"gcc", (char *)"-O2", (char *)"-ffreestanding",
		(char *)"-c",  unit,	      (char *)"-o",
		object,	       NULL};
	// Temporary files lie beside the sources.
	char *const environment[] = {(char *)"PATH=/bin:/usr/bin",
				     (char *)"TMPDIR=.", (char *)"LC_ALL=C",
				     NULL};
	struct error error = {.line = ""};
	sigset_t none;

	source_name(unit, job->unit, 'c');
	source_name(object, job->unit, 'o');
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(job->err, 1) < 0 || dup2(job->err, 2) < 0)
		return 126;
	if ((jobs->memcg && memcg_join(jobs->memcg, &error)) ||
	    chdir(jobs->source->folder)) {
		dprintf(2, "error: %s\n",
			error.line[0] ? error.line : strerror(errno));
		return 126;
	}
	execve(jobs->compiler, argv, environment);
	dprintf(2, "error: %s: %s\n", jobs->compiler, strerror(errno));
	return 127;
}

static int start(struct jobs *jobs, struct job *job, struct error *error)
{
	job->unit = jobs->started;
	job->err = memfd_create("err", MFD_CLOEXEC);
	job->pid = job->err < 0 ? -1 : fork();
	if (!job->pid)
		_exit(child(jobs, job));
	if (job->pid < 0) {
		job->pid = 0;
		return error_set(error, "unit %u: cannot be started: %s",
				 job->unit, strerror(errno));
	}
	jobs->started++;
	jobs->running++;
	return 0;
}

static int failed(const struct job *job, int status, struct error *error)
{
	char who[64];

	snprintf(who, sizeof(who), "unit %u: the compiler", job->unit);
	return complaint_set(error, who, status, job->err);
}

// Takes those that have ended.
static int reap(struct jobs *jobs, struct error *error)
{
	int result = 0;

	for (unsigned int i = 0; i < jobs->most; i++) {
		struct job *job = &jobs->job[i];
		int status;

		if (!job->pid || waitpid(job->pid, &status, WNOHANG) <= 0)
			continue;
		job->pid = 0;
		jobs->running--;
		if (!status)
			jobs->done++;
		else if (!result)
			result = failed(job, status, error);
		close(job->err);
	}
	return result;
}

static int fill(struct jobs *jobs, struct error *error)
{
	for (unsigned int i = 0;
	     i < jobs->most && jobs->started < jobs->source->units; i++)
		if (!jobs->job[i].pid && start(jobs, &jobs->job[i], error))
			return -1;
	return 0;
}

static void end_all(struct jobs *jobs)
{
	for (unsigned int i = 0; i < jobs->most; i++) {
		if (!jobs->job[i].pid)
			continue;
		kill(jobs->job[i].pid, SIGKILL);
		waitpid(jobs->job[i].pid, NULL, 0);
	}
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
