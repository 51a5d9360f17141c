// SPDX-License-Identifier: GPL-2.0-only
#include "checked.h"

#include <inttypes.h>

void checked_bad(struct checked *checked, const struct checked_page *page)
{
	if (checked->bad < CHECKED_SHOWN)
		checked->first[checked->bad] = *page;
	checked->bad++;
}

void checked_print(const struct checked *checked, bool done, struct out *out)
{
	out_text(out,
		 " \"verification\": {\"done\": %s, \"pages\": %" PRIu64
		 ", \"bad\": %" PRIu64 ", \"first_bad\": [",
		 done ? "true" : "false", checked->pages, checked->bad);
	for (unsigned int i = 0; i < checked->bad && i < CHECKED_SHOWN; i++)
		out_text(out,
			 "%s{\"thread\": %u, \"page\": %" PRIu64
			 ", \"offset\": %u, \"kind\": \"corrupt\"}",
			 i ? ", " : "", checked->first[i].thread,
			 checked->first[i].page, checked->first[i].offset);
	out_text(out, "]}");
}
