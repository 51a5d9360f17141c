// SPDX-License-Identifier: GPL-2.0-only
#include "spans.h"

#include <string.h>

void spans_enter(struct spans *spans, const struct span *span)
{
	if (spans->depth == SPANS_DEEP) {
		memmove(spans->at, spans->at + 1,
			(SPANS_DEEP - 1) * sizeof(spans->at[0]));
		spans->depth--;
	}
	spans->at[spans->depth++] = *span;
	spans->returns_to = span->returns_to;
}

struct span spans_leave(struct spans *spans)
{
	const struct span left = spans->at[--spans->depth];

	spans->returns_to =
		spans->depth ? spans->at[spans->depth - 1].returns_to : 0;
	return left;
}
