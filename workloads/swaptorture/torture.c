// SPDX-License-Identifier: GPL-2.0-only
#include <stdarg.h>
#include <stdio.h>

#include "torture.h"
#include "workloads/lib/procfs.h"

void findings_add(struct findings *found, const char *format, ...)
{
	va_list arguments;

	if (found->count == TORTURE_FINDINGS)
		return;
	va_start(arguments, format);
	vsnprintf(found->lines[found->count++], sizeof(found->lines[0]), format,
		  arguments);
	va_end(arguments);
}

bool torture_over(const struct torture *torture)
{
	if (clock_ns() < torture->deadline_ns)
		return false;
	atomic_store(&torture->tally->cut, true);
	return true;
}
