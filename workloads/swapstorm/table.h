// SPDX-License-Identifier: GPL-2.0-only
// What the JSON document says, for people.
#ifndef SWAPSTORM_TABLE_H
#define SWAPSTORM_TABLE_H

#include "report.h"

// Write it; the caller flushes `out`.
void table_write(const struct report *report, struct out *out);

#endif
