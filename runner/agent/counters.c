// SPDX-License-Identifier: GPL-2.0-only
#include "counters.h"

#include "workloads/lib/text.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

// The longest is zram's mm_stat, of nine numbers.
enum { VALUE = 256 };

static void add(struct counters *counters, const char *path)
{
	const size_t length = strlen(path);
	struct stat status;

	if (counters->count < COUNTERS_MOST && length < COUNTERS_PATH &&
	    !stat(path, &status) && S_ISREG(status.st_mode))
		memcpy(counters->paths[counters->count++], path, length + 1);
}

static int by_name(const void *one, const void *other)
{
	return strcmp(one, other);
}

void counters_find(struct counters *counters, const struct job *job)
{
	char path[JOB_MAX_LINE + 300];

	counters->count = 0;
	for (size_t i = 0; i < job->collect_count; i++) {
		const char *place = job->collect[i];
		DIR *folder = opendir(place);
		struct dirent *entry;

		if (!folder)
			add(counters, place);
		while (folder && (entry = readdir(folder))) {
			snprintf(path, sizeof(path), "%s/%s", place,
				 entry->d_name);
			add(counters, path);
		}
		if (folder)
			closedir(folder);
	}
	qsort(counters->paths, counters->count, COUNTERS_PATH, by_name);
}

ssize_t counters_read(const struct counters *counters, char *buffer,
		      size_t size)
{
	char value[VALUE];
	size_t used = 0;

	for (size_t i = 0; i < counters->count; i++) {
		const char *path = counters->paths[i];

		if (text_read_line(path, value, sizeof(value)) < 0)
			continue;
		for (char *c = value; *c; c++)
			if (*c == '\n')
				*c = ' ';
		int length = snprintf(buffer + used, size - used, "%s %s\n",
				      path, value);

		if (length < 0 || (size_t)length >= size - used)
			return -1;
		used += (size_t)length;
	}
	return (ssize_t)used;
}
