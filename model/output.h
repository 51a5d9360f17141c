/* SPDX-License-Identifier: GPL-2.0-only */
/* What swapsim prints, always under the word "projected". */
#ifndef SWAPSIM_OUTPUT_H
#define SWAPSIM_OUTPUT_H

#include <stdio.h>

#include "project.h"

/* One JSON document; see swapsim(1). */
void output_json(FILE *to, const struct scenario *scenario,
		 const struct projection *projection);

/* The same for people. */
void output_table(FILE *to, const struct scenario *scenario,
		  const struct projection *projection);

#endif
