// SPDX-License-Identifier: GPL-2.0-only
#include "settings.h"

#include "workloads/lib/text.h"

#include <errno.h>
#include <stdio.h>

// The longest is a list of compressors or of modes, one of them in brackets.
enum { MOST = 1024 };

void settings_apply(struct job *job)
{
	for (size_t i = 0; i < job->setting_count; i++) {
		struct setting *setting = &job->settings[i];

		setting->failed =
			text_write(setting->path, setting->value) ? errno : 0;
	}
}

int settings_send(const struct job *job, struct channel *channel,
		  const char *name, struct error *fault)
{
	char read[MOST], line[JOB_MAX_LINE + MOST], file[CHANNEL_NAME];

	snprintf(file, sizeof(file), "%s.settings", name);
	for (size_t i = 0; i < job->setting_count; i++) {
		const struct setting *setting = &job->settings[i];

		if (text_read_line(setting->path, read, sizeof(read)) < 0)
			snprintf(read, sizeof(read), "!%d", errno);
		int length = snprintf(line, sizeof(line), "%s %d %s\n",
				      setting->path, setting->failed, read);

		if (channel_file(channel, file, line, (size_t)length, fault))
			return -1;
	}
	return 0;
}
