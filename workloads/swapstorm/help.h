// SPDX-License-Identifier: GPL-2.0-only
// What --help shows.
#ifndef SWAPSTORM_HELP_H
#define SWAPSTORM_HELP_H

#include "workloads/lib/out.h"

void help_write(struct out *out);

#endif
