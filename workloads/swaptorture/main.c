// SPDX-License-Identifier: GPL-2.0-only
// swaptorture: do to a kernel's swapping what it finds hardest.
// See docs/man/swaptorture.1.
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "knobs.h"
#include "torture_report.h"
#include "workloads/lib/procfs.h"

#define VERSION "1"

enum { EXIT_UNSOUND = 1, EXIT_USAGE = 2, EXIT_CANNOT = 3 };

// Static, so that it is there, and locked, before memory gets short.
static struct run {
	struct torture torture;
	struct deed deeds[SCENARIOS];
	struct leftover leftover;
	struct out out;
	struct error error;
} run;

static int complain(struct run *self, int status)
{
	struct out *out = &self->out;

	out->fd = STDERR_FILENO;
	out->used = 0;
	out_text(out, "swaptorture: %s\n", self->error.line);
	out_flush(out);
	return status;
}

static int say(struct run *self)
{
	int failed = out_flush(&self->out);

	if (!failed)
		return 0;
	error_set(&self->error, "standard output: %s", strerror(failed));
	self->out.failed = 0;
	return complain(self, EXIT_CANNOT);
}

// Whole pages that forked children share; for good.
static void *share(int fd, size_t bytes, struct error *error)
{
	int flags = MAP_SHARED | MAP_POPULATE | (fd < 0 ? MAP_ANONYMOUS : 0);
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, fd, 0);

	if (memory != MAP_FAILED)
		return memory;
	error_set(error, "cannot map %zu shared bytes: %s", bytes,
		  strerror(errno));
	return NULL;
}

static int map_progress(struct torture *torture, struct error *error)
{
	int fd = torture->options.progress_fd;
	struct stat status;

	if (fd >= 0 && fstat(fd, &status))
		return error_set(error, "--progress-fd: %d: %s", fd,
				 strerror(errno));
	if (fd >= 0 && (size_t)status.st_size < sizeof(*torture->progress))
		return error_set(error, "--progress-fd: %d: is too small", fd);
	torture->progress = share(fd, sizeof(*torture->progress), error);
	return torture->progress ? 0 : -1;
}

static int assemble(struct torture *torture, struct error *error)
{
	struct options *options = &torture->options;
	size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
	struct memory memory;

	torture->tally = share(-1, sizeof(*torture->tally), error);
	if (!torture->tally || map_progress(torture, error) ||
	    procfs_memory(&memory, error))
		return -1;
	torture->content = content_make(options->seed, page_size, 0, false);
	torture->mem_total = memory.total;
	if (!options->size)
		options->size = memory.available / 2 * 3;
	if (mlockall(MCL_CURRENT))
		return error_set(error,
				 "cannot lock its own memory: %s; run it as "
				 "root or raise the limit (ulimit -l)",
				 strerror(errno));
	return 0;
}

static void check_huge(struct run *self)
{
	struct torture *torture = &self->torture;
	uint64_t met = 0;

	for (unsigned int i = 0; i < SCENARIOS; i++)
		met += self->deeds[i].counters.thp_swpout +
		       self->deeds[i].counters.thp_swpout_fallback;
	if (torture->options.huge && !met)
		findings_add(&torture->missed,
			     "thp: no huge page was swapped out or split");
}

static int torment(struct run *self)
{
	struct torture *torture = &self->torture;
	const struct options *options = &torture->options;

	if (options->guest &&
	    (knobs_prepare(options, &self->error) ||
	     swaps_prepare(&torture->swaps, &self->error) ||
	     leftover_begin(torture, &self->leftover, &self->error)))
		return -1;
	for (unsigned int i = 0; i < SCENARIOS; i++)
		if (options->scenarios & 1u << i &&
		    scenario_run(&scenarios[i], torture, &self->deeds[i],
				 &self->error))
			return -1;
	check_huge(self);
	if (torture->tally->killed)
		findings_add(&torture->unsound,
			     "%u children were killed by SIGBUS or SIGSEGV",
			     (unsigned int)torture->tally->killed);
	if (options->guest &&
	    leftover_look(torture, &self->leftover, &self->error))
		return -1;
	return 0;
}

static void on_alarm(int signal_number)
{
	(void)signal_number; // only to end a swapoff
}

static int torture_and_report(struct run *self)
{
	const struct sigaction action = {.sa_handler = on_alarm};
	struct torture *torture = &self->torture;
	const struct report report = {
		.torture = torture,
		.deeds = self->deeds,
		.leftover = torture->options.guest ? &self->leftover : NULL,
	};

	sigaction(SIGALRM, &action, NULL);
	if (assemble(torture, &self->error) || torment(self))
		return complain(self, EXIT_CANNOT);
	report_write(&report, &self->out);
	int status = say(self);

	return status ? status : report_unsound(&report) ? EXIT_UNSOUND : 0;
}

int main(int argc, char *argv[])
{
	struct run *self = &run;

	signal(SIGPIPE, SIG_IGN);
	self->out.fd = STDOUT_FILENO;
	switch (options_parse(argc, argv, &self->torture.options,
			      &self->error)) {
	case OPTIONS_HELP:
		for (const char *line = options_help; *line;) {
			const char *end = strchr(line, '\n') + 1;

			out_text(&self->out, "%.*s", (int)(end - line), line);
			line = end;
		}
		return say(self);
	case OPTIONS_VERSION:
		out_text(&self->out, "swaptorture " VERSION "\n");
		return say(self);
	case OPTIONS_BAD:
		return complain(self, EXIT_USAGE);
	case OPTIONS_RUN:
		break;
	}
	return torture_and_report(self);
}
