// SPDX-License-Identifier: GPL-2.0-only
// All that a run needs, made and locked before memory gets short.
#ifndef SWAPSTORM_ASSEMBLE_H
#define SWAPSTORM_ASSEMBLE_H

#include <stdint.h>

#include "control.h"
#include "options.h"
#include "region.h"

// The crew and its workers, each with `share` pages to write, and their
// control.
struct crew *assemble(struct control *control, const struct options *options,
		      const struct region_plan *plan,
		      const struct content *content, uint64_t share,
		      struct error *error);

// Start the workers, lock all memory that is ours, and map the regions.
int assemble_start(struct control *control, struct error *error);

#endif
