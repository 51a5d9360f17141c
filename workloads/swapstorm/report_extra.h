/* SPDX-License-Identifier: GPL-2.0-only */
/* The parts of the document that are there only if asked for. */
#ifndef SWAPSTORM_REPORT_EXTRA_H
#define SWAPSTORM_REPORT_EXTRA_H

#include "report.h"

/* "latency_ns": null without --latency. */
void report_latency(const struct report *report, struct out *out);

/* "series": null without --series-ms. */
void report_series(const struct report *report, struct out *out);

#endif
