// SPDX-License-Identifier: GPL-2.0-only
// Programs of the tools layer, run around the workload.  Each has its output in
// memory until it has ended, so that nothing of ours works beside the workload;
// then the host is sent tool.NAME.out, tool.NAME.err and an event with its end.
#ifndef AGENT_TOOL_H
#define AGENT_TOOL_H

#include "channel.h"
#include "job.h"

#include <stdbool.h>
#include <sys/types.h>

enum {
	TOOL_MAX_OUTPUT = 4 << 20, // of each stream; what is more is cut
	// Of a tool that is told the window: one line in, "ping", "enable",
	// "disable" or "stop", one line out.
	TOOL_CONTROL_FD = 3,
	TOOL_ANSWER_FD = 4,
	// Guest time.  The host is told after the first that a tool keeps
	// the workload waiting, so that it does not blame the kernel.
	TOOL_PATIENCE_MS = 1000,
	TOOL_ANSWER_MS = 120000, // told something, or to end
	TOOL_RUN_MS = 3600000,	 // one that has an end of its own
	TOOL_KILL_MS = 30000,	 // killed
};

struct tool {
	const struct tool_step *step;
	pid_t pid;
	int out, err;	     // memory files
	int control, answer; // -1: it is not told the window
	bool ended;
	int status;
};

struct tools {
	const struct job *job;
	struct channel *channel;
	const char *device; // path, "" while there is none
	const char *group;  // as a program's
	int answer_ms, run_ms;
	// From here on the tools' own.
	struct tool beside[JOB_MAX_TOOLS];
	size_t count;
};

// Runs the job's tools of one kind, each to its end.  One that has none within
// its time is killed and is the fault, as with all of these.
int tools_run(struct tools *tools, enum tool_when when, struct error *fault);

// Starts those that go on beside the workload; returns when all who will be
// told the window listen.
int tools_start(struct tools *tools, struct error *fault);

// The steady phase begins or ends; returns when all who are told have answered
// or have ended.
int tools_window(struct tools *tools, bool open, struct error *fault);

// Somebody has seen this process end.
void tools_reaped(struct tools *tools, pid_t pid, int status);

// Ends those that are beside the workload.
int tools_stop(struct tools *tools, struct error *fault);

#endif
