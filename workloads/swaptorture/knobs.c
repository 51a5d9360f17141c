// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "knobs.h"
#include "workloads/lib/procfs.h"
#include "workloads/lib/text.h"

#define DEBUG	 "/sys/kernel/debug"
#define FAILSLAB DEBUG "/failslab/"
#define THP	 "/sys/kernel/mm/transparent_hugepage/"
#define LRU_GEN	 "/sys/kernel/mm/lru_gen/enabled"

// How many may fail: so many that the rest tells how many did.
#define FAIL_TIMES UINT64_C(1000000000)

int knobs_put(const char *path, const char *text, struct error *error)
{
	if (text_write(path, text))
		return error_set(error, "%s: '%s': %s", path, text,
				 strerror(errno));
	return 0;
}

static int mount_one(const char *type, const char *where, const char *data,
		     struct error *error)
{
	if (mount(type, where, type, MS_NOSUID | MS_NOEXEC, data) &&
	    errno != EBUSY)
		return error_set(error, "%s on %s: %s", type, where,
				 strerror(errno));
	return 0;
}

// The kernel takes any word here, so look at what became of it.
static int set_lru(bool mglru, struct error *error)
{
	char text[32];

	if (knobs_put(LRU_GEN, mglru ? "y" : "n", error))
		return -1;
	if (text_read_line(LRU_GEN, text, sizeof(text)) < 0 ||
	    (strcmp(text, "0x0000") != 0) != mglru)
		return error_set(error, LRU_GEN ": did not change");
	return 0;
}

static int mount_groups(bool old, struct error *error)
{
	if (old)
		return mount_one("cgroup", KNOBS_GROUPS, "memory", error);
	return mount_one("cgroup2", KNOBS_GROUPS, NULL, error) ||
			       knobs_put(KNOBS_GROUPS "/cgroup.subtree_control",
					 "+memory", error)
		       ? -1
		       : 0;
}

int knobs_prepare(const struct options *options, struct error *error)
{
	if (mount_groups(options->old_groups, error) ||
	    mount_one("debugfs", DEBUG, NULL, error) ||
	    knobs_put(THP "enabled", options->huge ? "always" : "never",
		      error) ||
	    set_lru(options->mglru, error))
		return -1;
	return 0;
}

static int put_limit(const char *group, const char *name, uint64_t bytes,
		     const char *none, struct error *error)
{
	char file[128], text[24];

	snprintf(file, sizeof(file), "%s/%s", group, name);
	snprintf(text, sizeof(text), "%" PRIu64, bytes);
	return knobs_put(file, bytes == KNOBS_NO_LIMIT ? none : text, error);
}

int knobs_group(const struct options *options, const char *path,
		uint64_t memory, uint64_t swap, struct error *error)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		return error_set(error, "%s: %s", path, strerror(errno));
	if (!options->old_groups)
		return put_limit(path, "memory.max", memory, "max", error) ||
				       put_limit(path, "memory.swap.max", swap,
						 "max", error)
			       ? -1
			       : 0;
	// Both together may never be less than memory alone.
	if (put_limit(path, "memory.memsw.limit_in_bytes", KNOBS_NO_LIMIT, "-1",
		      error) ||
	    put_limit(path, "memory.limit_in_bytes", memory, "-1", error))
		return -1;
	return swap == KNOBS_NO_LIMIT
		       ? 0
		       : put_limit(path, "memory.memsw.limit_in_bytes",
				   memory + swap, "-1", error);
}

static uint64_t group_number(const char *group, const char *name)
{
	char file[128];

	snprintf(file, sizeof(file), "%s/%s", group, name);
	return text_read_number(file);
}

uint64_t knobs_refusals(const struct options *options, const char *group)
{
	char file[128], text[256];

	if (options->old_groups)
		return group_number(group, "memory.memsw.failcnt");
	snprintf(file, sizeof(file), "%s/memory.swap.events", group);
	if (text_read(file, text, sizeof(text)) < 0)
		return 0;
	return procfs_number(text, "fail");
}

uint64_t knobs_swap_charged(const struct options *options, const char *group)
{
	if (!options->old_groups)
		return group_number(group, "memory.swap.current");
	const uint64_t memory = group_number(group, "memory.usage_in_bytes"),
		       both = group_number(group,
					   "memory.memsw.usage_in_bytes");

	return both > memory ? both - memory : 0;
}

// Allocations that may wait are spared: those of page tables, of fork and of
// swap-in are right to assume that they succeed or that the caller is told.
static int start(unsigned int percent, struct error *error)
{
	char number[24], times[24];

	snprintf(number, sizeof(number), "%u", percent);
	snprintf(times, sizeof(times), "%" PRIu64, FAIL_TIMES);
	return knobs_put(FAILSLAB "cache-filter", "Y", error) ||
			       knobs_put(FAILSLAB "ignore-gfp-wait", "Y",
					 error) ||
			       knobs_put(FAILSLAB "verbose", "0", error) ||
			       knobs_put(FAILSLAB "times", times, error) ||
			       knobs_put(FAILSLAB "probability", number, error)
		       ? -1
		       : 0;
}

int knobs_fail_nodes(unsigned int percent, uint64_t *failed,
		     struct error *error)
{
	char text[32];
	uint64_t left;

	if (percent)
		return start(percent, error);
	if (knobs_put(FAILSLAB "probability", "0", error))
		return -1;
	if (text_read_line(FAILSLAB "times", text, sizeof(text)) < 0 ||
	    text_number(text, &left) || left > FAIL_TIMES)
		return error_set(error, FAILSLAB "times: cannot be read");
	*failed = FAIL_TIMES - left;
	return 0;
}
