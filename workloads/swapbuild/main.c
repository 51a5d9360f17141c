// SPDX-License-Identifier: GPL-2.0-only
// swapbuild: a compile in a memory control group, as letters of kernel series
// run it: many short processes, anonymous memory and files on a tmpfs.  It
// writes a source tree, has it compiled by so many compilers at a time, tells
// the agent of the steady phase, and prints one JSON document.
//
// swapbuild(1) has its options and its document.
#include "jobs.h"
#include "source.h"
#include "tree.h"

#include "workloads/lib/choices.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

struct build {
	struct source source;
	struct jobs jobs;
	struct memcg memcg;
	const char *memcg_set;
	struct watch watch;
	sigset_t awake; // while it waits
	uint64_t limit;
	bool tmpfs, verify;
	struct watch_work work;
	long largest_kib; // of a compiler
	struct checked checked;
};

static const char help[] =
	"usage: swapbuild --folder FOLDER [--tmpfs] [--units N] [--jobs N]\n"
	"                 [--functions N] [--seed N] [--memcg SIZE] "
	"[--memcg-set LIST]\n"
	"                 [--compiler PATH] [--verify] [--notify-fd FD] "
	"[--progress-fd FD]\n"
	"Write a source tree into FOLDER, compile it with so many jobs at a "
	"time, and\n"
	"print one JSON document of what that made the kernel swap out.\n";

static int take_options(struct build *self, int argc, char **argv,
			struct error *error)
{
	const struct choice choices[] = {
		{"folder", CHOICE_NEEDED, &self->source.folder, 0, 0},
		{"tmpfs", CHOICE_FLAG, &self->tmpfs, 0, 0},
		{"units", CHOICE_NUMBER, &self->source.units, 1,
		 SOURCE_MOST_UNITS},
		{"jobs", CHOICE_NUMBER, &self->jobs.most, 1, JOBS_MOST},
		{"functions", CHOICE_NUMBER, &self->source.functions, 1,
		 TREE_MOST_FUNCTIONS},
		{"seed", CHOICE_NUMBER, &self->source.seed, 0, UINT64_MAX},
		{"memcg", CHOICE_SIZE, &self->limit, 0, 0},
		{"memcg-set", CHOICE_TEXT, &self->memcg_set, 0, 0},
		{"compiler", CHOICE_TEXT, &self->jobs.compiler, 0, 0},
		{"verify", CHOICE_FLAG, &self->verify, 0, 0},
		{"notify-fd", CHOICE_NOTIFY, &self->watch, 0, 0},
		{"progress-fd", CHOICE_PROGRESS, &self->watch, 0, 0},
		{NULL, CHOICE_FLAG, NULL, 0, 0},
	};

	return choices_take(choices, help, argc, argv, error);
}

static void on_child(int number)
{
	(void)number; // only to end the wait
}

// A child's end is let in while we wait, so that none is missed before.
static void set_signals_up(struct build *self)
{
	const struct sigaction action = {.sa_handler = on_child};
	sigset_t child;

	sigaction(SIGCHLD, &action, NULL);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, &self->awake);
	self->watch.waiting = &self->awake;
}

static int set_up(struct build *self, struct error *error)
{
	const char *folder = self->source.folder;

	if (started_folder(folder, error))
		return -1;
	if (self->tmpfs &&
	    mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, NULL))
		return error_set(error, "--tmpfs: %s: %s", folder,
				 strerror(errno));
	if (!self->limit)
		return 0;
	self->jobs.memcg = &self->memcg;
	return memcg_make(&self->memcg, "swapbuild", self->limit,
			  self->memcg_set, error);
}

// By a child in the group, whose pages they are.
static int write_tree(struct build *self, struct error *error)
{
	const pid_t pid = fork();
	int status;

	if (pid < 0)
		return error_set(error, "fork: %s", strerror(errno));
	if (!pid) {
		if ((self->limit && memcg_join(&self->memcg, error)) ||
		    source_write(&self->source, error)) {
			fprintf(stderr, "swapbuild: %s\n", error->line);
			_exit(1);
		}
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		return error_set(error, "the source tree was not written");
	return 0;
}

static uint64_t spent_us(const struct timeval *before,
			 const struct timeval *after)
{
	return (uint64_t)(after->tv_sec - before->tv_sec) * 1000000 +
	       (uint64_t)after->tv_usec - (uint64_t)before->tv_usec;
}

static int work(struct build *self, struct error *error)
{
	struct rusage before, after;

	getrusage(RUSAGE_CHILDREN, &before);
	if (watch_begin(&self->watch, error))
		return -1;
	self->work.begin = self->watch.now;
	const int result = jobs_run(&self->jobs, &self->watch, error);

	self->work.end = self->watch.now;
	getrusage(RUSAGE_CHILDREN, &after);
	self->work.done = self->jobs.done;
	self->work.user_us = spent_us(&before.ru_utime, &after.ru_utime);
	self->work.system_us = spent_us(&before.ru_stime, &after.ru_stime);
	self->largest_kib = after.ru_maxrss;
	return result;
}

static int print(const struct build *self)
{
	struct out out = {.fd = 1};

	out_text(&out,
		 "{\n \"swapbuild\": 1,\n \"page_size\": %ld,\n \"units\": "
		 "%" PRIu64 ",\n \"jobs\": %" PRIu64
		 ",\n \"functions\": %" PRIu64 ",\n \"seed\": %" PRIu64
		 ",\n \"memcg_bytes\": %" PRIu64 ",\n",
		 sysconf(_SC_PAGESIZE), self->source.units, self->jobs.most,
		 self->source.functions, self->source.seed, self->limit);
	watch_print(&self->watch, &out);
	out_text(&out, ",\n");
	watch_print_work(&self->work, &out);
	out_text(&out, ", \"largest_kib\": %ld},\n", self->largest_kib);
	checked_print(&self->checked, self->verify, &out);
	out_text(&out, ",\n \"per_thread\": []\n}\n");
	return out_flush(&out);
}

int main(int argc, char **argv)
{
	static struct build self = {
		.source = {.units = 16, .functions = 1, .seed = 1},
		.jobs = {.most = 1, .compiler = "/bin/gcc"},
		.watch = {.notify_fd = -1},
	};
	struct error error;

	self.jobs.source = &self.source;
	if (take_options(&self, argc, argv, &error)) {
		fprintf(stderr, "swapbuild: %s\n", error.line);
		return 2;
	}
	set_signals_up(&self);
	if (set_up(&self, &error) || write_tree(&self, &error) ||
	    work(&self, &error) ||
	    (self.verify &&
	     source_verify(&self.source, &self.checked, &error)) ||
	    watch_end(&self.watch, &error)) {
		memcg_leave(&self.memcg);
		fprintf(stderr, "swapbuild: %s\n", error.line);
		return 1;
	}
	memcg_leave(&self.memcg);
	return print(&self) ? 1 : 0;
}
