// SPDX-License-Identifier: GPL-2.0-only
#include "snapshot.h"

#include "counters.h"
#include "workloads/lib/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct {
	const char *name, *path;
	bool needed; // pressure files: CONFIG_PSI, since 4.20
	bool locks;
} sources[SNAPSHOT_FILES] = {
	{"vmstat", "/proc/vmstat", true, false},
	{"meminfo", "/proc/meminfo", true, false},
	{"swaps", "/proc/swaps", true, false},
	{"psi-memory", "/proc/pressure/memory", false, false},
	{"psi-cpu", "/proc/pressure/cpu", false, false},
	{"psi-io", "/proc/pressure/io", false, false},
	{"lock_stat", "/proc/lock_stat", true, true},
	// The classes' keys: lock_stat's names alone are ambiguous.
	{"lockdep", "/proc/lockdep", true, true},
	{"counters", NULL, false, false}, // what the job asks for
};

int snapshot_take(struct snapshot *snapshot, bool with_locks,
		  struct error *fault)
{
	size_t used = 0;

	for (size_t i = 0; i < SNAPSHOT_FILES; i++) {
		char *text = snapshot->arena + used;

		snapshot->files[i].text = NULL;
		if (sources[i].locks && !with_locks)
			continue;
		if (!sources[i].path && !snapshot->counters->count)
			continue;
		ssize_t length =
			sources[i].path
				? text_read(sources[i].path, text,
					    SNAPSHOT_ARENA - used)
				: counters_read(snapshot->counters, text,
						SNAPSHOT_ARENA - used);

		if (length < 0 && !sources[i].needed)
			continue;
		if (length < 0)
			return error_coded(fault,
					   sources[i].locks ? ERROR_LOCK_STAT
							    : ERROR_MOUNT,
					   "%s: %s", sources[i].path,
					   strerror(errno));
		snapshot->files[i].text = text;
		snapshot->files[i].length = (size_t)length;
		used += (size_t)length + 1;
	}
	return 0;
}

int snapshot_send(const struct snapshot *snapshot, struct channel *channel,
		  const char *prefix, struct error *fault)
{
	char name[CHANNEL_NAME];

	for (size_t i = 0; i < SNAPSHOT_FILES; i++) {
		if (!snapshot->files[i].text)
			continue;
		snprintf(name, sizeof(name), "%s.%s", prefix, sources[i].name);
		if (channel_file(channel, name, snapshot->files[i].text,
				 snapshot->files[i].length, fault))
			return -1;
	}
	return 0;
}

const char *snapshot_text(const struct snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < SNAPSHOT_FILES; i++)
		if (!strcmp(sources[i].name, name) && snapshot->files[i].text)
			return snapshot->files[i].text;
	return "";
}
