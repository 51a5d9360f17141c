// SPDX-License-Identifier: GPL-2.0-only
// Numbers of CPUs or nodes, as in "0-3,8"; threads take them in turn.
#ifndef SWAPSTORM_LIST_H
#define SWAPSTORM_LIST_H

#include <stdint.h>

#include "workloads/lib/error.h"

#define LIST_LIMIT 1024

struct list {
	unsigned int count; // 0: none given
	uint16_t numbers[LIST_LIMIT];
};

// Numbers below LIST_LIMIT, each once; `option` is for the error.
int list_parse(const char *option, const char *text, struct list *list,
	       struct error *error);

// Thread `index`'s number of a list that has some.
static inline unsigned int list_at(const struct list *list, unsigned int index)
{
	return list->numbers[index % list->count];
}

#endif
