// SPDX-License-Identifier: GPL-2.0-only
// swapstorm: write more anonymous memory than there is RAM, from N threads.
// See docs/man/swapstorm.1.
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assemble.h"
#include "control.h"
#include "help.h"
#include "layout.h"
#include "report.h"
#include "table.h"
#include "workloads/lib/memcg.h"

#define VERSION "1"

enum { EXIT_BAD_PAGES = 1, EXIT_USAGE = 2, EXIT_CANNOT = 3 };

// Static, so that it is there, and locked, before memory gets short.
static struct storm {
	struct options options;
	struct memory memory;
	struct content content;
	struct region_plan plan;
	struct crew *crew;
	struct memcg memcg;
	struct vmstat vmstat;
	struct control control;
	struct out out;
	struct error error;
} storm;

static int check_notify_fd(int fd, struct error *error)
{
	struct stat status;

	if (fd >= 0 && fstat(fd, &status))
		return error_set(error, "--notify-fd: %d: %s", fd,
				 strerror(errno));
	return 0;
}

static int check_cpus(const struct list *cpus, struct error *error)
{
	cpu_set_t usable;

	if (cpus->count && sched_getaffinity(0, sizeof(usable), &usable))
		return error_set(error, "--cpus: %s", strerror(errno));
	for (unsigned int i = 0; i < cpus->count; i++) {
		if (!CPU_ISSET(cpus->numbers[i], &usable))
			return error_set(error,
					 "--cpus: %u is not a CPU that this "
					 "process may run on",
					 cpus->numbers[i]);
	}
	return 0;
}

// Against the address space, and RAM and swap; `region`: bytes of each.
static int check_sizes(const struct storm *s, uint64_t region,
		       struct error *error)
{
	const struct options *options = &s->options;
	const uint64_t all = region * options->threads;
	// The parent maps all that its processes copy.
	const bool apart = options->processes && options->region != REGION_COW;
	const uint64_t mapped = layout_region(options, region);

	if (layout_addresses(apart ? mapped : mapped * options->threads, error))
		return -1;
	if (options->allow_oom)
		return 0;
	// The parent's, and the copies.
	return layout_room(&s->memory,
			   options->region == REGION_COW ? 2 * all : all,
			   error);
}

static int storm_run(struct storm *s, uint64_t pages, struct error *error)
{
	const struct options *options = &s->options;
	struct control *control = &s->control;
	struct reading first;

	control->vmstat = &s->vmstat;
	notify_init(&control->notify, options->notify_fd);
	s->plan = (struct region_plan){
		.kind = (enum region_kind)options->region,
		.thp = (enum region_thp)options->thp,
		.nodes = &options->nodes,
	};
	s->crew =
		assemble(control, options, &s->plan, &s->content, pages, error);
	if (!s->crew || vmstat_open(&s->vmstat, error) ||
	    assemble_start(control, error))
		return -1;
	// The kernel allocates what this descriptor needs now, not later.
	if (vmstat_read(&s->vmstat, &first, error) ||
	    control_write(control, error) || after_swapin(control, error) ||
	    after_swapoff(control, error) ||
	    (s->crew->verify && control_verify(control, error)) ||
	    after_free(control, error))
		return -1;
	return control_join(control, error);
}

static int complain(struct storm *s, int status)
{
	struct out *out = &s->out;

	out->fd = STDERR_FILENO;
	out->used = 0;
	out_text(out, "swapstorm: %s\n", s->error.line);
	out_flush(out);
	return status;
}

static int say(struct storm *s)
{
	int failed = out_flush(&s->out);

	if (!failed)
		return 0;
	error_set(&s->error, "standard output: %s", strerror(failed));
	s->out.failed = 0;
	return complain(s, EXIT_CANNOT);
}

static int storm_measure(struct storm *s)
{
	struct report report = {
		.options = &s->options,
		.memory = &s->memory,
		.phases = &s->control.phases,
		.series = &s->control.series,
		.afters = &s->control.afters,
	};
	uint64_t pages = 0;
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t region;
	int status;

	s->content = content_make(s->options.seed, page_size,
				  (unsigned int)s->options.compressible,
				  s->options.same_filled);
	if (procfs_memory(&s->memory, &s->error))
		return complain(s, EXIT_CANNOT);
	if (layout_pages(&s->options, &s->memory, page_size, &pages, &s->error))
		return complain(s, EXIT_USAGE);
	region = pages * page_size;
	// Half of what there is: swapoff needs some of the rest itself.
	s->options.keep =
		(s->options.memcg ? s->options.memcg : s->memory.available) / 2;
	if (check_sizes(s, region, &s->error) ||
	    check_cpus(&s->options.cpus, &s->error) ||
	    region_check_nodes(&s->options.nodes, &s->error))
		return complain(s, EXIT_USAGE);
	if (check_notify_fd(s->options.notify_fd, &s->error) ||
	    region_check_thp((enum region_thp)s->options.thp, &s->error))
		return complain(s, EXIT_CANNOT);
	if (s->options.memcg &&
	    (memcg_make(&s->memcg, "swapstorm", s->options.memcg,
			s->options.memcg_set, &s->error) ||
	     memcg_join(&s->memcg, &s->error))) {
		memcg_leave(&s->memcg);
		return complain(s, EXIT_USAGE);
	}
	status = storm_run(s, pages, &s->error);
	memcg_leave(&s->memcg);
	if (status)
		return complain(s, EXIT_CANNOT);
	report.crew = s->crew;
	report.workers = s->control.workers;
	if (s->options.format == FORMAT_TABLE ||
	    (s->options.format == FORMAT_AUTO && isatty(STDOUT_FILENO)))
		table_write(&report, &s->out);
	else
		report_write(&report, &s->out);
	status = say(s);
	if (!status && report_bad_pages(&report))
		status = EXIT_BAD_PAGES;
	return status;
}

int main(int argc, char *argv[])
{
	struct storm *s = &storm;

	// A peer or reader that went away is an error with a message.
	signal(SIGPIPE, SIG_IGN);
	s->out.fd = STDOUT_FILENO;
	switch (options_parse(argc, argv, &s->options, &s->error)) {
	case OPTIONS_HELP:
		help_write(&s->out);
		return say(s);
	case OPTIONS_VERSION:
		out_text(&s->out, "swapstorm " VERSION "\n");
		return say(s);
	case OPTIONS_BAD:
		return complain(s, EXIT_USAGE);
	case OPTIONS_RUN:
		break;
	}
	return storm_measure(s);
}
