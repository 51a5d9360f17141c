// SPDX-License-Identifier: GPL-2.0-only
#include "tool.h"

#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

// Both directions of a tool's control: [0] to read, [1] to write.
struct control {
	int told[2], answered[2];
};

static int open_control(struct control *control)
{
	return pipe2(control->told, O_CLOEXEC) ||
			       pipe2(control->answered, O_CLOEXEC)
		       ? -1
		       : 0;
}

static int start(const struct tools *tools, struct tool *tool,
		 const struct tool_step *step, struct fault *fault)
{
	char variable[sizeof("SWAP_DEVICE=") + 64];
	char *environment[JOB_MAX_ENV + 2] = {variable};
	struct control control;
	const bool told = step->when == TOOL_WINDOW;

	*tool = (struct tool){.step = step, .control = -1, .answer = -1};
	tool->out = memfd_create("out", MFD_CLOEXEC);
	tool->err = memfd_create("err", MFD_CLOEXEC);
	if (tool->out < 0 || tool->err < 0 || (told && open_control(&control)))
		return fault_set(fault, FAULT_EXEC, "%s: its pipes: %s",
				 step->name, strerror(errno));
	snprintf(variable, sizeof(variable), "SWAP_DEVICE=%s", tools->device);
	for (size_t i = 0; i < step->envs; i++)
		environment[i + 1] = step->env[i];
	const int fds[] = {tool->out, tool->err, told ? control.told[0] : -1,
			   told ? control.answered[1] : -1};
	const struct program program = {
		.argv = step->argv,
		.environment = environment,
		.fds = fds,
		.fd_count = told ? 4 : 2,
		.group = tools->group,
	};

	tool->pid = program_start(&program, fault);
	if (told) {
		close(control.told[0]);
		close(control.answered[1]);
		tool->control = control.told[1];
		tool->answer = control.answered[0];
	}
	return tool->pid < 0 ? -1 : 0;
}

static int send_output(const struct tool *tool, int fd, const char *stream,
		       struct channel *channel, struct fault *fault)
{
	char name[CHANNEL_NAME], buffer[CHANNEL_CHUNK];
	off_t at = 0;
	ssize_t got;

	snprintf(name, sizeof(name), "tool.%s.%s", tool->step->name, stream);
	// On the host they exist, be they empty.
	if (channel_file(channel, name, "", 0, fault))
		return -1;
	while (at < TOOL_MAX_OUTPUT &&
	       (got = pread(fd, buffer, sizeof(buffer), at)) > 0) {
		at += got;
		if (channel_file(channel, name, buffer, (size_t)got, fault))
			return -1;
	}
	return 0;
}

// A tool that has ended: what it wrote and how it ended.
static int hand_in(struct tool *tool, struct channel *channel,
		   struct fault *fault)
{
	const bool exited = WIFEXITED(tool->status);

	if (send_output(tool, tool->out, "out", channel, fault) ||
	    send_output(tool, tool->err, "err", channel, fault) ||
	    channel_line(channel, FRAME_EVENT, fault, "tool %s %s %d",
			 tool->step->name, exited ? "exited" : "killed",
			 exited ? WEXITSTATUS(tool->status)
				: WTERMSIG(tool->status)))
		return -1;
	close(tool->out);
	close(tool->err);
	if (tool->control >= 0) {
		close(tool->control);
		close(tool->answer);
	}
	return 0;
}

static void wait_for(struct tool *tool)
{
	while (!tool->ended && waitpid(tool->pid, &tool->status, 0) < 0 &&
	       errno == EINTR)
		;
	tool->ended = true;
}

int tools_run(struct tools *tools, enum tool_when when, struct fault *fault)
{
	for (size_t i = 0; i < tools->job->tool_count; i++) {
		const struct tool_step *step = &tools->job->tools[i];
		struct tool tool;

		if (step->when != when)
			continue;
		if (start(tools, &tool, step, fault))
			return -1;
		wait_for(&tool);
		if (hand_in(&tool, tools->channel, fault))
			return -1;
	}
	return 0;
}

// One line; what follows it may lack an end of its own (perf's has a NUL).
static bool answered(int fd)
{
	char byte;

	do {
		ssize_t got = read(fd, &byte, 1);

		if (got == 0 || (got < 0 && errno != EINTR))
			return false;
		if (got < 0)
			byte = '\0';
	} while (byte != '\n');
	return true;
}

// All who are told anything have answered when it returns, or have ended: one
// that does not answer cannot do what it is there for.
static void tell(struct tools *tools, const char *word)
{
	for (size_t i = 0; i < tools->count; i++) {
		struct tool *tool = &tools->beside[i];

		if (tool->control < 0 || tool->ended)
			continue;
		if (dprintf(tool->control, "%s\n", word) > 0 &&
		    answered(tool->answer))
			continue;
		// Mostly it is ending already, and how and of what is to be
		// told; the signal does not change that.
		kill(tool->pid, SIGKILL);
		wait_for(tool);
	}
}

int tools_start(struct tools *tools, struct fault *fault)
{
	for (size_t i = 0; i < tools->job->tool_count; i++) {
		const struct tool_step *step = &tools->job->tools[i];

		if (step->when != TOOL_BESIDE && step->when != TOOL_WINDOW)
			continue;
		if (start(tools, &tools->beside[tools->count], step, fault))
			return -1;
		tools->count++;
	}
	// perf reads the kernel's symbols and what runs before it listens: with
	// two emulated vCPUs a load was over before it did.
	tell(tools, "ping");
	return 0;
}

void tools_window(struct tools *tools, bool open)
{
	tell(tools, open ? "enable" : "disable");
}

void tools_reaped(struct tools *tools, pid_t pid, int status)
{
	for (size_t i = 0; i < tools->count; i++) {
		struct tool *tool = &tools->beside[i];

		if (tool->pid == pid && !tool->ended) {
			tool->ended = true;
			tool->status = status;
		}
	}
}

int tools_stop(struct tools *tools, struct fault *fault)
{
	for (size_t i = 0; i < tools->count; i++) {
		struct tool *tool = &tools->beside[i];

		// perf would end of the signal that ends it; stress-ng takes it
		// as from a terminal.
		if (!tool->ended && (tool->control < 0 ||
				     write(tool->control, "stop\n", 5) < 0))
			kill(tool->pid, SIGINT);
		wait_for(tool);
		if (hand_in(tool, tools->channel, fault))
			return -1;
	}
	return 0;
}
