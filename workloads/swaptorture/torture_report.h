// SPDX-License-Identifier: GPL-2.0-only
// The JSON document "swaptorture 1"; its fields are explained in
// swaptorture(1).
#ifndef SWAPTORTURE_TORTURE_REPORT_H
#define SWAPTORTURE_TORTURE_REPORT_H

#include "leftover.h"
#include "scenario.h"
#include "workloads/lib/out.h"

struct report {
	const struct torture *torture;
	const struct deed *deeds;	 // of the scenarios that were asked for
	const struct leftover *leftover; // NULL: outside a guest
};

// True where a page came back wrong or something was left over.
bool report_unsound(const struct report *report);

// Write the document; the caller flushes `out`.
void report_write(const struct report *report, struct out *out);

#endif
