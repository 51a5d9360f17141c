// SPDX-License-Identifier: GPL-2.0-only
#include "job.h"

#include "workloads/lib/swap.h"
#include "workloads/lib/text.h"

#include <string.h>

static const char *const whens[] = {
	[TOOL_PROVISION] = "provision", [TOOL_BEFORE] = "before",
	[TOOL_BESIDE] = "beside",	[TOOL_WINDOW] = "window",
	[TOOL_AFTER] = "after",
};

// Which keys were given, for doubled and missing ones.
struct seen {
	bool device_bytes, device_priority, lock_stat, heartbeat_ms;
	size_t args;
};

static bool once(bool *seen)
{
	bool first = !*seen;

	*seen = true;
	return first;
}

// A part of a file's name on the host.
static bool is_name(const char *text)
{
	size_t length = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return length && length <= JOB_MAX_NAME && !text[length];
}

// "WHEN NAME", and the lines about it that follow; NULL, or what is wrong.
static const char *take_tool(struct job *job, const char *key, char *value)
{
	struct tool_step *last =
		job->tool_count ? &job->tools[job->tool_count - 1] : NULL;

	if (!strcmp(key, "tool-arg")) {
		if (!last)
			return "no tool before it";
		if (last->args == JOB_MAX_ARGS)
			return "more than 64 of them";
		last->argv[last->args++] = value;
		return NULL;
	}
	if (!strcmp(key, "tool-env")) {
		if (!last)
			return "no tool before it";
		if (last->envs == JOB_MAX_ENV)
			return "more than 16 of them";
		if (!strchr(value, '='))
			return "not NAME=VALUE";
		last->env[last->envs++] = value;
		return NULL;
	}
	char *name = strchr(value, ' ');

	if (job->tool_count == JOB_MAX_TOOLS)
		return "more than 8 of them";
	if (!name || !is_name(name + 1))
		return "not WHEN NAME";
	*name++ = '\0';
	for (size_t i = 0; i < sizeof(whens) / sizeof(whens[0]); i++) {
		if (!strcmp(value, whens[i])) {
			last = &job->tools[job->tool_count++];
			last->when = (enum tool_when)i;
			last->name = name;
			return NULL;
		}
	}
	return "not one of provision, before, beside, window, after";
}

// "PATH VALUE"; NULL, or what is wrong.
static const char *take_setting(struct job *job, char *value)
{
	char *blank = strchr(value, ' ');

	if (job->setting_count == JOB_MAX_SETTINGS)
		return "more than 64 of them";
	if (value[0] != '/' || !blank || !blank[1])
		return "not PATH VALUE";
	*blank = '\0';
	job->settings[job->setting_count++] =
		(struct setting){.path = value, .value = blank + 1};
	return NULL;
}

// The kind of one more area; NULL, or what is wrong.
static const char *take_device(struct job *job, struct seen *seen,
			       const char *value)
{
	struct job_area area = {.priority = SWAP_KERNELS_PRIORITY};

	if (job->area_count && !seen->device_bytes)
		return "the one before it has no device-bytes";
	if (job->area_count == JOB_MAX_AREAS)
		return "more than 8 of them";
	if (!device_kind_of(value, &area.device.kind))
		return "not one of pmem, pmem-legacy, brd, zram, virtio-blk, "
		       "nvme";
	area.device.number = DEVICE_ALONE;
	for (size_t i = 0; i < job->area_count; i++) {
		struct device_wanted *other = &job->areas[i].device;

		if (other->kind != area.device.kind)
			continue;
		if (other->number == DEVICE_ALONE)
			other->number = 0;
		area.device.number = other->number + 1;
	}
	job->areas[job->area_count++] = area;
	seen->device_bytes = seen->device_priority = false;
	return NULL;
}

// What is said of the last device; NULL, or what is wrong.
static const char *take_of_device(struct job *job, struct seen *seen,
				  const char *key, const char *value)
{
	uint64_t number;
	bool is_number = !text_number(value, &number);

	if (!job->area_count)
		return "no device before it";
	struct job_area *last = &job->areas[job->area_count - 1];

	if (!strcmp(key, "device-bytes")) {
		// A swap header counts pages in 32 bits.
		if (!is_number || number % SWAP_PAGE ||
		    number / SWAP_PAGE < JOB_MIN_DEVICE_PAGES ||
		    number / SWAP_PAGE > UINT32_MAX)
			return "not a multiple of 4096 of at least ten pages";
		last->device.bytes = number;
		return once(&seen->device_bytes) ? NULL : "given twice";
	}
	if (!is_number || number > JOB_MAX_PRIORITY)
		return "not in 0..32767";
	last->priority = (int)number;
	return once(&seen->device_priority) ? NULL : "given twice";
}

// One "key value" line; NULL, or what is wrong with it.
static const char *take(struct job *job, struct seen *seen, const char *key,
			char *value)
{
	uint64_t number;

	if (!strcmp(key, "arg")) {
		if (seen->args == JOB_MAX_ARGS)
			return "more than 64 of them";
		job->argv[seen->args++] = value;
		return NULL;
	}
	if (!strcmp(key, "device"))
		return take_device(job, seen, value);
	if (!strcmp(key, "device-bytes") || !strcmp(key, "device-priority"))
		return take_of_device(job, seen, key, value);
	if (!strcmp(key, "set"))
		return take_setting(job, value);
	if (!strcmp(key, "collect")) {
		if (job->collect_count == JOB_MAX_COLLECT)
			return "more than 32 of them";
		if (value[0] != '/')
			return "not a path";
		job->collect[job->collect_count++] = value;
		return NULL;
	}
	if (!strcmp(key, "tool") || !strcmp(key, "tool-arg") ||
	    !strcmp(key, "tool-env"))
		return take_tool(job, key, value);
	bool is_number = !text_number(value, &number);

	if (!strcmp(key, "lock-stat")) {
		if (!is_number || number > 1)
			return "not 0 or 1";
		job->lock_stat = number;
		return once(&seen->lock_stat) ? NULL : "given twice";
	}
	if (!strcmp(key, "heartbeat-ms")) {
		if (!is_number || number < JOB_MIN_HEARTBEAT_MS ||
		    number > JOB_MAX_HEARTBEAT_MS)
			return "not in 10..10000";
		job->heartbeat_ms = (int)number;
		return once(&seen->heartbeat_ms) ? NULL : "given twice";
	}
	return "unknown key";
}

static const char *missing(const struct job *job, const struct seen *seen)
{
	for (size_t i = 0; i < job->tool_count; i++)
		if (!job->tools[i].args)
			return "tool-arg";
	if (!job->area_count)
		return "device";
	if (!seen->device_bytes)
		return "device-bytes";
	if (!seen->lock_stat)
		return "lock-stat";
	if (!seen->heartbeat_ms)
		return "heartbeat-ms";
	return seen->args ? NULL : "arg";
}

// Ends the line that starts at text with a NUL; its length, or -1 without a
// newline in the rest of the file.
static ptrdiff_t cut_line(char *text, const char *stop)
{
	char *end = memchr(text, '\n', (size_t)(stop - text));

	if (!end)
		return -1;
	*end = '\0';
	return end - text;
}

int job_parse(struct job *job, char *text, size_t length, struct error *fault)
{
	const char *stop = text + length;
	struct seen seen = {0};

	memset(job, 0, sizeof(*job));
	for (int number = 1; text < stop; number++) {
		ptrdiff_t size = cut_line(text, stop);

		if (size < 0 || size > JOB_MAX_LINE)
			return error_coded(fault, ERROR_JOB,
					   "line %d: cut short or too long",
					   number);
		for (ptrdiff_t i = 0; i < size; i++)
			if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
				return error_coded(fault, ERROR_JOB,
						   "line %d: control character",
						   number);
		if (number == 1) {
			if (strcmp(text, "swapscale-job 1") != 0)
				return error_coded(fault, ERROR_JOB,
						   "line 1: is not "
						   "'swapscale-job 1'");
		} else if (!strcmp(text, "end")) {
			const char *lack = missing(job, &seen);

			if (lack)
				return error_coded(fault, ERROR_JOB,
						   "%s: missing", lack);
			if (text + size + 1 != stop)
				return error_coded(fault, ERROR_JOB,
						   "line %d: more after 'end'",
						   number);
			return 0;
		} else {
			char *blank = strchr(text, ' ');

			if (!blank)
				return error_coded(fault, ERROR_JOB,
						   "line %d: %.40s: no value",
						   number, text);
			*blank = '\0';
			const char *wrong = take(job, &seen, text, blank + 1);

			if (wrong)
				return error_coded(fault, ERROR_JOB,
						   "line %d: %.40s: %s", number,
						   text, wrong);
		}
		text += size + 1;
	}
	return error_coded(fault, ERROR_JOB, "no 'end' line: cut short");
}
