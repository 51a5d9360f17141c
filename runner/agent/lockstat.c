// SPDX-License-Identifier: GPL-2.0-only
#include "lockstat.h"

#include "workloads/lib/text.h"

#include <errno.h>
#include <string.h>

static int put(const char *path, const char *text, struct error *fault)
{
	if (!text_write(path, text))
		return 0;
	return error_coded(fault, ERROR_LOCK_STAT,
			   "%s: %s: the kernel needs CONFIG_LOCK_STAT", path,
			   strerror(errno));
}

int lockstat_count(bool on, struct error *fault)
{
	return put("/proc/sys/kernel/lock_stat", on ? "1" : "0", fault);
}

int lockstat_clear(struct error *fault)
{
	return put("/proc/lock_stat", "0", fault);
}
