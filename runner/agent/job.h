// SPDX-License-Identifier: GPL-2.0-only
// The job file: what this boot is for.  runner/vm/initramfs.py writes it into
// the initramfs: nothing is sent to a running guest, whose time of arrival
// would spoil the exact tier.  It reads the limits from here, too.  Lines of a
// key, a blank and a value, in this form:
//
//	swapscale-job 1
//	device pmem
//	device-bytes 536870912
//	device zram
//	device-bytes 67108864
//	device-priority 100
//	lock-stat 1
//	heartbeat-ms 250
//	arg /bin/swapstorm
//	arg --threads
//	arg 2
//	set /proc/sys/vm/swappiness 10
//	collect /sys/kernel/debug/zswap
//	tool before fio
//	tool-arg /bin/fio
//	tool-env JOBS=2
//	end
#ifndef AGENT_JOB_H
#define AGENT_JOB_H

#include "workloads/lib/device.h"
#include "workloads/lib/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	JOB_MAX_FILE = 65536,
	JOB_MAX_LINE = 4096,
	JOB_MAX_ARGS = 64,
	JOB_MAX_TOOLS = 8,
	JOB_MAX_ENV = 16,
	JOB_MAX_NAME = 32,
	JOB_MAX_SETTINGS = 64,
	JOB_MAX_COLLECT = 32,
	JOB_MAX_AREAS = 8,
	JOB_MIN_DEVICE_PAGES = 10, // the least that mkswap takes
	JOB_MIN_HEARTBEAT_MS = 10,
	JOB_MAX_HEARTBEAT_MS = 10000,
	JOB_MAX_PRIORITY = 32767,
};

enum tool_when {
	TOOL_PROVISION, // before there is a swap device
	TOOL_BEFORE,	// the device is there, and nobody uses it yet
	TOOL_BESIDE,	// as long as the workload
	TOOL_WINDOW,	// beside; told when the steady phase begins and ends
	TOOL_AFTER,
};

// One program of the tools layer.
struct tool_step {
	const char *name; // of its output: tool.NAME.out, tool.NAME.err
	enum tool_when when;
	char *argv[JOB_MAX_ARGS + 1]; // ends with NULL
	char *env[JOB_MAX_ENV + 1];   // so does this
	size_t args, envs;
};

// A file of the kernel's to write before there is a swap device.
struct setting {
	const char *path, *value;
	int failed; // errno of writing it
};

// What is swapped to.
struct job_area {
	struct device_wanted device;
	int priority; // as in struct swap_area
};

struct job {
	struct job_area areas[JOB_MAX_AREAS];
	size_t area_count;
	bool lock_stat;
	int heartbeat_ms;
	char *argv[JOB_MAX_ARGS + 1]; // ends with NULL
	struct tool_step tools[JOB_MAX_TOOLS];
	size_t tool_count;
	struct setting settings[JOB_MAX_SETTINGS];
	size_t setting_count;
	const char *collect[JOB_MAX_COLLECT]; // files or folders of counters
	size_t collect_count;
};

// Parses text of the given length in place: argv points into it.
int job_parse(struct job *job, char *text, size_t length, struct error *fault);

#endif
