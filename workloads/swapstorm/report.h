// SPDX-License-Identifier: GPL-2.0-only
// The JSON document "swapstorm 1"; its fields are explained in swapstorm(1).
#ifndef SWAPSTORM_REPORT_H
#define SWAPSTORM_REPORT_H

#include "control.h"
#include "options.h"
#include "workloads/lib/out.h"
#include "phases.h"
#include "workloads/lib/procfs.h"
#include "series.h"
#include "worker.h"

struct report {
	const struct options *options;
	const struct memory *memory;
	const struct crew *crew;
	const struct worker *workers;
	const struct phases *phases;
	const struct series *series;
	const struct afters *afters;
};

// Pages of all threads that did not come back as they were written.
uint64_t report_bad_pages(const struct report *report);

// The word for how it ended.
const char *report_outcome(const struct report *report);

// Write the document; the caller flushes `out`.
void report_write(const struct report *report, struct out *out);

#endif
