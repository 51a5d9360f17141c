// SPDX-License-Identifier: GPL-2.0-only
#include "tool.h"

#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
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
		 const struct tool_step *step, struct error *fault)
{
	char variable[sizeof("SWAP_DEVICE=") + 64];
	char *environment[JOB_MAX_ENV + 2] = {variable};
	struct control control;
	const bool told = step->when == TOOL_WINDOW;

	*tool = (struct tool){.step = step, .control = -1, .answer = -1};
	tool->out = memfd_create("out", MFD_CLOEXEC);
	tool->err = memfd_create("err", MFD_CLOEXEC);
	if (tool->out < 0 || tool->err < 0 || (told && open_control(&control)))
		return error_coded(fault, ERROR_EXEC, "%s: its pipes: %s",
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
		       struct channel *channel, struct error *fault)
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
		   struct error *fault)
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

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool has_ended(struct tool *tool)
{
	if (!tool->ended && waitpid(tool->pid, &tool->status, WNOHANG) != 0)
		tool->ended = true;
	return tool->ended;
}

// Until then or the end of some child, whichever comes first.
static void sleep_until(int64_t then)
{
	const int64_t left = then - now_ms();
	const struct timespec timeout = {
		.tv_sec = (time_t)(left / 1000),
		.tv_nsec = (long)(left % 1000) * 1000000L,
	};
	sigset_t none;

	// SIGCHLD is blocked but in here, so no child's end is missed.
	sigemptyset(&none);
	if (left > 0)
		ppoll(NULL, 0, &timeout, &none);
}

static bool ends_within(struct tool *tool, int milliseconds)
{
	const int64_t deadline = now_ms() + milliseconds;

	while (!has_ended(tool) && now_ms() < deadline)
		sleep_until(deadline);
	return tool->ended;
}

static int say(const struct tools *tools, const struct tool *tool,
	       const char *what, struct error *fault)
{
	return channel_line(tools->channel, FRAME_EVENT, fault, "tool %s %s",
			    tool->step->name, what);
}

// What hangs is ended; the fault says what it was to do.
static int hangs(struct tool *tool, const char *what, int milliseconds,
		 struct error *fault)
{
	kill(tool->pid, SIGKILL);
	const bool gone = ends_within(tool, TOOL_KILL_MS);

	return error_coded(fault, ERROR_TOOL, "%s has not %s in %d s%s",
			   tool->step->name, what, milliseconds / 1000,
			   gone ? "" : ", nor does it end when it is killed");
}

int tools_run(struct tools *tools, enum tool_when when, struct error *fault)
{
	for (size_t i = 0; i < tools->job->tool_count; i++) {
		const struct tool_step *step = &tools->job->tools[i];
		struct tool tool;

		if (step->when != when)
			continue;
		if (start(tools, &tool, step, fault) ||
		    say(tools, &tool, "runs", fault))
			return -1;
		if (!ends_within(&tool, tools->run_ms))
			return hangs(&tool, "ended", tools->run_ms, fault);
		if (hand_in(&tool, tools->channel, fault))
			return -1;
	}
	return 0;
}

enum answer { ANSWER_WHOLE, ANSWER_NONE, ANSWER_LATE };

// One line; what follows it may lack an end of its own (perf's has a NUL).
static enum answer answered(int fd, int64_t deadline)
{
	struct pollfd waited = {.fd = fd, .events = POLLIN};
	char byte = '\0';

	while (byte != '\n') {
		const int64_t left = deadline - now_ms();

		if (left <= 0)
			return ANSWER_LATE;
		if (poll(&waited, 1, left > INT_MAX ? INT_MAX : (int)left) <= 0)
			continue;
		const ssize_t got = read(fd, &byte, 1);

		if (got == 0 || (got < 0 && errno != EINTR))
			return ANSWER_NONE;
	}
	return ANSWER_WHOLE;
}

static int tell_one(struct tools *tools, struct tool *tool, const char *word,
		    struct error *fault)
{
	const int64_t begin = now_ms();
	enum answer answer;
	char what[48];

	if (dprintf(tool->control, "%s\n", word) > 0) {
		answer = answered(tool->answer, begin + TOOL_PATIENCE_MS);
		if (answer == ANSWER_LATE) {
			if (say(tools, tool, "silent", fault))
				return -1;
			answer = answered(tool->answer,
					  begin + tools->answer_ms);
			if (answer == ANSWER_WHOLE)
				return say(tools, tool, "answered", fault);
		}
		if (answer == ANSWER_WHOLE)
			return 0;
		if (answer == ANSWER_LATE) {
			snprintf(what, sizeof(what), "answered '%s'", word);
			return hangs(tool, what, tools->answer_ms, fault);
		}
	}
	// Mostly it is ending already, and how and of what is to be told; the
	// signal does not change that.
	kill(tool->pid, SIGKILL);
	if (!ends_within(tool, TOOL_KILL_MS))
		return hangs(tool, "ended", TOOL_KILL_MS, fault);
	return 0;
}

// All who are told anything have answered when it returns, or have ended: one
// that does not answer cannot do what it is there for.
static int tell(struct tools *tools, const char *word, struct error *fault)
{
	for (size_t i = 0; i < tools->count; i++) {
		struct tool *tool = &tools->beside[i];

		if (tool->control >= 0 && !tool->ended &&
		    tell_one(tools, tool, word, fault))
			return -1;
	}
	return 0;
}

int tools_start(struct tools *tools, struct error *fault)
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
	return tell(tools, "ping", fault);
}

int tools_window(struct tools *tools, bool open, struct error *fault)
{
	return tell(tools, open ? "enable" : "disable", fault);
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

int tools_stop(struct tools *tools, struct error *fault)
{
	for (size_t i = 0; i < tools->count; i++) {
		struct tool *tool = &tools->beside[i];

		// perf would end of the signal that ends it; stress-ng takes it
		// as from a terminal.
		if (!tool->ended && (tool->control < 0 ||
				     write(tool->control, "stop\n", 5) < 0))
			kill(tool->pid, SIGINT);
		if (!ends_within(tool, TOOL_PATIENCE_MS)) {
			if (say(tools, tool, "runs", fault))
				return -1;
			if (!ends_within(tool, tools->answer_ms))
				return hangs(tool, "ended when told to",
					     tools->answer_ms, fault);
		}
		if (hand_in(tool, tools->channel, fault))
			return -1;
	}
	return 0;
}
