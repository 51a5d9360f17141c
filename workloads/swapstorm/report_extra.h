// SPDX-License-Identifier: GPL-2.0-only
// The parts of the document that are not there in every run.
#ifndef SWAPSTORM_REPORT_EXTRA_H
#define SWAPSTORM_REPORT_EXTRA_H

#include "report.h"

#define REPORT_PERCENTILES 6

struct percentile {
	const char *name;
	uint64_t ppm; // of all touches are not longer
};

extern const struct percentile report_percentiles[REPORT_PERCENTILES];

// Of all threads; good until the next call.  With --latency only.
const struct hist *report_merged(const struct report *report, enum touch kind);

// "fairness": null without a steady phase.
void report_fairness(const struct report *report, struct out *out);

// "latency_ns": null without --latency.
void report_latency(const struct report *report, struct out *out);

// "swapin", "swapoff" and "free" of the phases: null where not asked for.
void report_after(const struct report *report, struct out *out);

// "series": null without --series-ms.
void report_series(const struct report *report, struct out *out);

#endif
