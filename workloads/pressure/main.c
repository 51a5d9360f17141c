// SPDX-License-Identifier: GPL-2.0-only
// pressure: another program's memory pressure, measured as swapstorm's is.  It
// runs the program, calls the time from the first swapped-out pages on its
// steady phase, tells the agent, ends it, and prints the same document.
//
// pressure(1) has its options and its document.
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/lib/notify.h"
#include "workloads/lib/number.h"
#include "workloads/lib/out.h"
#include "workloads/lib/procfs.h"

enum {
	LOOK_MS = 10,
	// Pages swapped out that show RAM to be full: 1 MiB.
	FULL_PAGES = 256,
	END_MS = 10000, // for the program to end before it is killed
};

struct span {
	struct reading begin, end;
};

struct pressure {
	uint64_t steady_ns;
	int notify_fd;
	uint64_t *progress; // NULL: nobody to show it to
	char **argv;
	pid_t child;
	int status;
	struct vmstat vmstat;
	struct notify notify;
	struct span fill, steady, teardown;
	bool began, ended; // the steady phase
};

static const char help[] =
	"usage: pressure --seconds S [--notify-fd FD] [--progress-fd FD] --\n"
	"                PROGRAM [ARGUMENT...]\n"
	"Run PROGRAM, by its full path, and measure what it makes the kernel "
	"swap "
	"out\n"
	"for S seconds from the first pages on; then end it and print one JSON "
	"document.\n";

static int take_options(struct pressure *self, int argc, char **argv,
			struct error *error)
{
	static const struct option options[] = {
		{"seconds", required_argument, NULL, 's'},
		{"notify-fd", required_argument, NULL, 'n'},
		{"progress-fd", required_argument, NULL, 'p'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	uint64_t micro = 0, number;
	int option;

	self->notify_fd = -1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (option == 's') {
			if (number_decimal("--seconds", optarg, 86400, &micro,
					   error))
				return -1;
		} else if (option == 'n') {
			if (number_range("--notify-fd", optarg, 0, 1023,
					 &number, error))
				return -1;
			self->notify_fd = (int)number;
		} else if (option == 'p') {
			if (number_range("--progress-fd", optarg, 0, 1023,
					 &number, error))
				return -1;
			void *shared = mmap(NULL, sizeof(uint64_t),
					    PROT_READ | PROT_WRITE, MAP_SHARED,
					    (int)number, 0);

			if (shared == MAP_FAILED)
				return error_set(error, "--progress-fd: %s",
						 strerror(errno));
			self->progress = shared;
		} else if (option == 'h') {
			fputs(help, stdout);
			exit(fflush(stdout) ? 1 : 0);
		} else {
			return error_set(error,
					 "%s: is unknown or lacks its value; "
					 "--help shows what is known",
					 argv[optind - 1]);
		}
	}
	if (!micro)
		return error_set(error, "--seconds: missing");
	if (optind == argc)
		return error_set(error, "no program to run after '--'");
	self->steady_ns = micro * 1000;
	self->argv = argv + optind;
	return 0;
}

static int start(struct pressure *self, struct error *error)
{
	self->child = fork();
	if (self->child < 0)
		return error_set(error, "fork: %s", strerror(errno));
	if (self->child)
		return 0;
	setpgid(0, 0);
	// Standard output is for our document alone.
	if (dup2(2, 1) == 1)
		execv(self->argv[0], self->argv);
	fprintf(stderr, "pressure: %s: %s\n", self->argv[0], strerror(errno));
	_exit(127);
}

static bool gone(struct pressure *self)
{
	return self->child &&
	       waitpid(self->child, &self->status, WNOHANG) == self->child;
}

// One look at the counters and at the agent.
static int look(struct pressure *self, struct reading *now, struct error *error)
{
	struct pollfd fd = {.fd = self->notify_fd, .events = POLLIN};

	poll(&fd, 1, LOOK_MS);
	if (vmstat_read(&self->vmstat, now, error) ||
	    notify_step(&self->notify, fd.revents != 0, now->t_ns, error))
		return -1;
	if (self->progress)
		*self->progress = now->pswpout;
	return 0;
}

// Until the steady phase is over and the agent knows it; 1: the program ended.
static int watch(struct pressure *self, struct error *error)
{
	struct reading now;

	while (!self->ended || notify_busy(&self->notify)) {
		if (gone(self)) {
			self->child = 0;
			return 1;
		}
		if (look(self, &now, error))
			return -1;
		if (!self->began &&
		    now.pswpout - self->fill.begin.pswpout >= FULL_PAGES) {
			self->began = true;
			self->fill.end = self->steady.begin = now;
			notify_push(&self->notify, "steady-begin\n");
		} else if (self->began && !self->ended &&
			   now.t_ns - self->steady.begin.t_ns >=
				   self->steady_ns) {
			self->ended = true;
			self->steady.end = self->teardown.begin = now;
			notify_push(&self->notify, "steady-end\n");
		}
	}
	return 0;
}

static void stop(struct pressure *self)
{
	if (!self->child)
		return;
	kill(self->child, SIGINT);
	for (int waited = 0; waited < END_MS; waited += LOOK_MS) {
		if (gone(self))
			return;
		poll(NULL, 0, LOOK_MS);
	}
	kill(-self->child, SIGKILL);
	waitpid(self->child, &self->status, 0);
}

static void print_span(struct out *out, const char *name, bool there,
		       const struct span *span, const char *end)
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

static int print(const struct pressure *self)
{
	struct out out = {.fd = 1};

	out_text(&out,
		 "{\n \"pressure\": 1,\n \"page_size\": %ld,\n"
		 " \"phases\": {\n",
		 sysconf(_SC_PAGESIZE));
	print_span(&out, "fill", self->began, &self->fill, ",");
	print_span(&out, "steady", self->ended, &self->steady, ",");
	print_span(&out, "teardown", self->ended, &self->teardown, "");
	// What the pages hold is the program's own affair.
	out_text(&out,
		 " },\n \"per_thread\": [],\n \"verification\": {\"done\": "
		 "false, \"pages\": 0, \"bad\": 0, \"first_bad\": []}\n}\n");
	return out_flush(&out);
}

int main(int argc, char **argv)
{
	static struct pressure self;
	struct error error;
	int early;

	if (take_options(&self, argc, argv, &error)) {
		fprintf(stderr, "pressure: %s\n", error.line);
		return 2;
	}
	notify_init(&self.notify, self.notify_fd);
	if (vmstat_open(&self.vmstat, &error) ||
	    vmstat_read(&self.vmstat, &self.fill.begin, &error) ||
	    start(&self, &error) || (early = watch(&self, &error)) < 0) {
		stop(&self);
		fprintf(stderr, "pressure: %s\n", error.line);
		return 1;
	}
	stop(&self);
	if (vmstat_read(&self.vmstat, &self.teardown.end, &error) ||
	    print(&self))
		return 1;
	if (early) {
		fprintf(stderr,
			"pressure: %s ended %s with status %d; let it run on "
			"or make it use more memory\n",
			self.argv[0],
			self.began ? "in the steady phase"
				   : "before anything was swapped out",
			WIFEXITED(self.status) ? WEXITSTATUS(self.status)
					       : 128 + WTERMSIG(self.status));
		return 1;
	}
	return 0;
}
