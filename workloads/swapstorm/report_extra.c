// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "report_extra.h"

/* Too large for the stack of a program whose memory is locked. */
static const struct hist *merged(const struct report *report, enum touch kind,
				 struct hist *all)
{
	*all = (struct hist){.total = 0};
	for (unsigned int i = 0; i < report->crew->threads; i++)
		hist_merge(all, &report->workers[i].latency->of[kind]);
	return all;
}

void report_latency(const struct report *report, struct out *out)
{
	static const struct {
		const char *name;
		uint64_t ppm;
	} percentiles[] = {
		{"p50", 500000}, {"p90", 900000},   {"p95", 950000},
		{"p99", 990000}, {"p99.9", 999000}, {"p99.99", 999900},
	};
	static struct hist all;

	if (!report->crew->latency) {
		out_text(out, " \"latency_ns\": null,\n");
		return;
	}
	out_text(out, " \"latency_ns\": {");
	for (unsigned int kind = 0; kind < TOUCHES; kind++) {
		const struct hist *hist = merged(report, kind, &all);

		out_text(out, "%s\n  \"%s\": {\"count\": %" PRIu64,
			 kind ? "," : "", latency_name(kind), hist->total);
		out_text(out, ", \"mean\": %" PRIu64,
			 hist->total ? hist->sum / hist->total : 0);
		for (size_t i = 0;
		     i < sizeof(percentiles) / sizeof(percentiles[0]); i++)
			out_text(out, ", \"%s\": %" PRIu64, percentiles[i].name,
				 hist_percentile(hist, percentiles[i].ppm));
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
