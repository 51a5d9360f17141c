// SPDX-License-Identifier: GPL-2.0-only
// pressure: another program's memory pressure, measured as swapstorm's is.  It
// runs the program, calls the time from the first swapped-out pages on its
// steady phase, tells the agent, ends it, and prints the same document.
//
// pressure(1) has its options and its document.
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "workloads/lib/checked.h"
#include "workloads/lib/number.h"
#include "workloads/lib/watch.h"

enum {
	END_MS = 10000, // for the program to end before it is killed
};

struct pressure {
	uint64_t steady_ns;
	char **argv;
	pid_t child;
	int status;
	struct watch watch;
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
	uint64_t micro = 0;
	int option;

	self->watch.notify_fd = -1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (option == 's') {
			if (number_decimal("--seconds", optarg, 86400, &micro,
					   error))
				return -1;
		} else if (option == 'n') {
			if (watch_notify_option(&self->watch, optarg, error))
				return -1;
		} else if (option == 'p') {
			if (watch_progress_option(&self->watch, optarg, error))
				return -1;
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

// Until the steady phase is over and the agent knows it; 1: the program ended.
static int watch(struct pressure *self, struct error *error)
{
	struct watch *watch = &self->watch;

	while (!watch->ended || watch_busy(watch)) {
		if (gone(self)) {
			self->child = 0;
			return 1;
		}
		if (watch_look(watch, WATCH_LOOK_MS, error))
			return -1;
		if (watch->began &&
		    watch->now.t_ns - watch->steady.begin.t_ns >=
			    self->steady_ns)
			watch_end_steady(watch);
	}
	return 0;
}

static void stop(struct pressure *self)
{
	if (!self->child)
		return;
	kill(self->child, SIGINT);
	for (int waited = 0; waited < END_MS; waited += WATCH_LOOK_MS) {
		if (gone(self))
			return;
		poll(NULL, 0, WATCH_LOOK_MS);
	}
	kill(-self->child, SIGKILL);
	waitpid(self->child, &self->status, 0);
}

static int print(const struct pressure *self)
{
	struct out out = {.fd = 1};

	out_text(&out, "{\n \"pressure\": 1,\n \"page_size\": %ld,\n",
		 sysconf(_SC_PAGESIZE));
	watch_print(&self->watch, &out);
	// What the pages hold is the program's own affair.
	out_text(&out, ",\n \"per_thread\": [],\n");
	checked_print(&(struct checked){0}, false, &out);
	out_text(&out, "\n}\n");
	return out_flush(&out);
}

int main(int argc, char **argv)
{
	static struct pressure self;
	struct error error;
	int early = -1;

	if (take_options(&self, argc, argv, &error)) {
		fprintf(stderr, "pressure: %s\n", error.line);
		return 2;
	}
	if (!watch_begin(&self.watch, &error) && !start(&self, &error))
		early = watch(&self, &error);
	if (early < 0) {
		stop(&self);
		fprintf(stderr, "pressure: %s\n", error.line);
		return 1;
	}
	stop(&self);
	if (watch_end(&self.watch, &error) || print(&self))
		return 1;
	if (early) {
		fprintf(stderr,
			"pressure: %s ended %s with status %d; let it run on "
			"or make it use more memory\n",
			self.argv[0],
			self.watch.began ? "in the steady phase"
					 : "before anything was swapped out",
			WIFEXITED(self.status) ? WEXITSTATUS(self.status)
					       : 128 + WTERMSIG(self.status));
		return 1;
	}
	return 0;
}
