// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "fairness.h"
#include "report_extra.h"

const struct percentile report_percentiles[REPORT_PERCENTILES] = {
	{"p50", 500000}, {"p90", 900000},   {"p95", 950000},
	{"p99", 990000}, {"p99.9", 999000}, {"p99.99", 999900},
};

const struct hist *report_merged(const struct report *report, enum touch kind)
{
	// Too large for the stack of a program whose memory is locked.
	static struct hist all;

	all = (struct hist){.total = 0};
	for (unsigned int i = 0; i < report->crew->threads; i++)
		hist_merge(&all, &report->workers[i].latency->of[kind]);
	return &all;
}

void report_fairness(const struct report *report, struct out *out)
{
	const struct fairness fairness =
		fairness_of(report->workers, report->crew->threads);

	if (fairness.pages)
		out_text(out,
			 " \"fairness\": {\"min_max\": %.6f, \"jain\": "
			 "%.6f},\n",
			 fairness.min_max, fairness.jain);
	else
		out_text(out, " \"fairness\": null,\n");
}

void report_latency(const struct report *report, struct out *out)
{
	if (!report->crew->latency) {
		out_text(out, " \"latency_ns\": null,\n");
		return;
	}
	out_text(out, " \"latency_ns\": {");
	for (unsigned int kind = 0; kind < TOUCHES; kind++) {
		const struct hist *hist =
			report_merged(report, (enum touch)kind);

		out_text(out, "%s\n  \"%s\": {\"count\": %" PRIu64,
			 kind ? "," : "", latency_name(kind), hist->total);
		out_text(out, ", \"mean\": %" PRIu64,
			 hist->total ? hist->sum / hist->total : 0);
		for (unsigned int i = 0; i < REPORT_PERCENTILES; i++)
			out_text(out, ", \"%s\": %" PRIu64,
				 report_percentiles[i].name,
				 hist_percentile(hist,
						 report_percentiles[i].ppm));
		out_text(out, ", \"max\": %" PRIu64 "}", hist->greatest);
	}
	out_text(out, "},\n");
}

void report_series(const struct report *report, struct out *out)
{
	const struct series *series = report->series;

	if (!series->interval_ns) {
		out_text(out, " \"series\": null,\n");
		return;
	}
	out_text(out,
		 " \"series\": {\"interval_ns\": %" PRIu64
		 ", \"columns\": [\"t_ns\", \"pswpout\", \"pswpin\", "
		 "\"allocstall\", \"free_pages\", \"pages_by_thread\"], "
		 "\"rows\": [",
		 series->interval_ns);
	for (unsigned int i = 0; i < series->used; i++) {
		const struct series_row *row = &series->rows[i];
		const uint64_t *done = series_done(series, i);

		out_text(out,
			 "%s\n  [%" PRIu64 ", %" PRIu64 ", %" PRIu64
			 ", %" PRIu64 ", %" PRIu64 ", [",
			 i ? "," : "", row->t_ns, row->pswpout, row->pswpin,
			 row->allocstall, row->free_pages);
		for (unsigned int j = 0; j < series->threads; j++)
			out_text(out, j ? ", %" PRIu64 : "%" PRIu64, done[j]);
		out_text(out, "]]");
	}
	out_text(out, "]},\n");
}

static void after(struct out *out, const char *name,
		  const struct after_span *span, const char *end)
{
	if (!span || !span->done) {
		out_text(out, "  \"%s\": null%s\n", name, end);
		return;
	}
	out_text(out,
		 "  \"%s\": {\"begin_ns\": %" PRIu64 ", \"end_ns\": %" PRIu64
		 ", \"pages\": %" PRIu64 ", \"readahead\": %" PRIu64
		 ", \"readahead_hits\": %" PRIu64 ", \"refaults\": %" PRIu64
		 ", \"major_faults\": %" PRIu64 "}%s\n",
		 name, span->begin.t_ns, span->end.t_ns, span->pages,
		 span->behind.readahead - span->before.readahead,
		 span->behind.readahead_hits - span->before.readahead_hits,
		 span->behind.refaults - span->before.refaults,
		 span->behind.major_faults - span->before.major_faults, end);
}

void report_after(const struct report *report, struct out *out)
{
	const struct afters *afters = report->afters;

	after(out, "swapin", afters ? &afters->swapin : NULL, ",");
	after(out, "swapoff", afters ? &afters->swapoff : NULL, ",");
	after(out, "free", afters ? &afters->free : NULL, "");
}
