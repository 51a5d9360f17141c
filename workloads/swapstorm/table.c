// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "fairness.h"
#include "report_extra.h"
#include "table.h"

#define MIB	 1048576.0
#define NS_PER_S 1e9

static double mib(const struct report *report, uint64_t pages)
{
	return (double)(pages * report->crew->content.page_size) / MIB;
}

static double per_second(double amount, uint64_t ns)
{
	return ns ? amount * NS_PER_S / (double)ns : 0;
}

static void head(const struct report *report, struct out *out)
{
	const struct options *options = report->options;

	const char *kind = options->processes ? "process" : "thread";
	const char *many = options->processes ? "es" : "s";

	out_text(out,
		 "%" PRIu64 " %s%s of %.1f MiB each, %.1f MiB of RAM, pattern "
		 "%s, seed %" PRIu64 "\n\n",
		 options->threads, kind, options->threads == 1 ? "" : many,
		 mib(report, report->crew->share),
		 (double)report->memory->total / MIB, options->pattern->name,
		 options->seed);
}

static void phase(const struct report *report, struct out *out,
		  const char *name, const struct span *span)
{
	uint64_t ns = span->end.t_ns - span->begin.t_ns;
	uint64_t pages = span->end.pswpout - span->begin.pswpout;

	out_text(out, "%-9s %10.3f %12" PRIu64 " %10.1f %12" PRIu64 "\n", name,
		 (double)ns / NS_PER_S, pages,
		 per_second(mib(report, pages), ns),
		 span->end.pswpin - span->begin.pswpin);
}

static void phase_table(const struct report *report, struct out *out)
{
	const struct phases *phases = report->phases;

	out_text(out, "%-9s %10s %12s %10s %12s\n", "phase", "seconds",
		 "swapped out", "MiB/s", "swapped in");
	phase(report, out, "fill", &phases->fill);
	if (phases->has_steady)
		phase(report, out, "steady", &phases->steady);
	phase(report, out, "teardown", &phases->teardown);
	if (phases->has_verify)
		phase(report, out, "verify", &phases->verify);
}

static void placement_lines(const struct report *report, struct out *out)
{
	const struct list *nodes = &report->options->nodes;

	for (unsigned int i = 0; nodes->count && i < report->crew->threads;
	     i++) {
		const struct worker *worker = &report->workers[i];

		out_text(out,
			 "thread %u: %" PRIu64 " pages in memory on node %u, "
			 "%" PRIu64 " elsewhere\n",
			 i, worker->placement.on_node, list_at(nodes, i),
			 worker->placement.elsewhere);
	}
}

// Of the steady phase, where there is one: the only one all threads share.
static void thread_table(const struct report *report, struct out *out)
{
	const struct phases *phases = report->phases;
	const struct fairness fairness =
		fairness_of(report->workers, report->crew->threads);
	uint64_t ns = phases->steady.end.t_ns - phases->steady.begin.t_ns;

	out_text(out, "\n%-6s %12s %12s %12s %8s %10s %10s\n", "thread",
		 "written", "read", "steady", "share", "MiB/s", "seconds");
	for (unsigned int i = 0; i < report->crew->threads; i++) {
		const struct worker *worker = &report->workers[i];
		uint64_t steady = worker_steady(worker);

		out_text(out, "%-6u %12" PRIu64 " %12" PRIu64, i,
			 worker->written, worker->read);
		if (phases->has_steady && fairness.pages)
			out_text(out, " %12" PRIu64 " %7.2f%% %10.1f", steady,
				 100.0 * (double)steady /
					 (double)fairness.pages,
				 per_second(mib(report, steady), ns));
		else
			out_text(out, " %12s %8s %10s", "-", "-", "-");
		out_text(out, " %10.3f\n",
			 (double)(worker->end_ns - worker->begin_ns) /
				 NS_PER_S);
	}
	placement_lines(report, out);
	if (phases->has_steady && fairness.pages)
		out_text(out,
			 "fairness in the steady phase: min/max %.4f, "
			 "Jain %.4f\n",
			 fairness.min_max, fairness.jain);
}

static void latency_table(const struct report *report, struct out *out)
{
	if (!report->crew->latency)
		return;
	out_text(out, "\n%-11s %9s %9s", "touch, us", "count", "mean");
	for (unsigned int i = 0; i < REPORT_PERCENTILES; i++)
		out_text(out, " %9s", report_percentiles[i].name);
	out_text(out, " %9s\n", "max");
	for (unsigned int kind = 0; kind < TOUCHES; kind++) {
		const struct hist *hist =
			report_merged(report, (enum touch)kind);

		out_text(out, "%-11s %9" PRIu64 " %9.2f",
			 latency_name((enum touch)kind), hist->total,
			 hist->total ? (double)hist->sum / (double)hist->total /
					       1000
				     : 0.0);
		for (unsigned int i = 0; i < REPORT_PERCENTILES; i++)
			out_text(out, " %9.2f",
				 (double)hist_percentile(
					 hist, report_percentiles[i].ppm) /
					 1000);
		out_text(out, " %9.2f\n", (double)hist->greatest / 1000);
	}
}

static void verification(const struct report *report, struct out *out)
{
	uint64_t verified = 0;

	if (!report->crew->verify)
		return;
	for (unsigned int i = 0; i < report->crew->threads; i++)
		verified += report->workers[i].verified;
	out_text(out,
		 "\nverified: %" PRIu64 " pages, %" PRIu64 " of them bad\n",
		 verified, report_bad_pages(report));
	for (unsigned int i = 0; i < report->crew->threads; i++) {
		const struct worker *worker = &report->workers[i];

		for (uint64_t j = 0; j < worker->bad && j < WORKER_FIRST_BAD;
		     j++)
			out_text(out,
				 "  thread %" PRIu32 " page %" PRIu64
				 " offset %" PRIu32 ": %s\n",
				 worker->first_bad[j].expected.thread,
				 worker->first_bad[j].expected.page,
				 worker->first_bad[j].offset,
				 bad_kind_name(worker->first_bad[j].kind));
	}
}

void table_write(const struct report *report, struct out *out)
{
	head(report, out);
	phase_table(report, out);
	thread_table(report, out);
	latency_table(report, out);
	verification(report, out);
	out_text(out, "\noutcome: %s\n", report_outcome(report));
}
