// SPDX-License-Identifier: GPL-2.0-only
// swapscale-agent: PID 1 of the guest.  Sets the swap device up, runs the one
// workload of the job between two snapshots and its tools around it, sends
// everything to the host in frames and powers the machine off.
//
// Nothing counts as a pass before the host has seen both WORKLOAD "exited 0"
// and DONE, so whatever ends us early reads as a failure.
//
// Outside a guest, for tests (no mounts, no device, no power-off, no lock on
// memory; everything else is the same code):
//   agent --no-init --channel-fd N --heartbeat-fd N --job FILE [--tool-ms N]
#include "channel.h"
#include "counters.h"
#include "workloads/lib/device.h"
#include "guest.h"
#include "heartbeat.h"
#include "job.h"
#include "lockstat.h"
#include "mark.h"
#include "module.h"
#include "settings.h"
#include "snapshot.h"
#include "workloads/lib/swap.h"
#include "workloads/lib/procfs.h"
#include "workloads/lib/text.h"
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	// Guest time.  Ports and disks are there within milliseconds of PID 1's
	// start; an emulated guest on a busy host is given more.
	WAIT_MS = 10000,
};

struct agent {
	bool guest;
	const char *job_file;
	struct channel channel;
	struct heartbeat heartbeat;
	struct job job;
	struct snapshot snapshot;
	struct counters counters;
	struct device devices[JOB_MAX_AREAS];
	struct swap_area areas[JOB_MAX_AREAS];
	struct tools tools;
	int progress;
	char job_text[JOB_MAX_FILE];
};

// All memory the agent needs, there from its start: the only globals.
static struct agent agent = {
	.guest = true,
	.job_file = "/job",
	.channel.fd = -1,
	.heartbeat.fd = -1,
	.tools = {.job = &agent.job,
		  .channel = &agent.channel,
		  .device = "",
		  .answer_ms = TOOL_ANSWER_MS,
		  .run_ms = TOOL_RUN_MS},
};
static alignas(4096) char arena[SNAPSHOT_ARENA];

static int say_hello(struct agent *self, struct error *fault)
{
	char cmdline[2048], meminfo[4096];
	struct utsname uts;

	uname(&uts);
	if (text_read_line("/proc/cmdline", cmdline, sizeof(cmdline)) < 0)
		return error_coded(fault, ERROR_MOUNT, "/proc/cmdline: %s",
				   strerror(errno));
	if (text_read("/proc/meminfo", meminfo, sizeof(meminfo)) < 0)
		return error_coded(fault, ERROR_MOUNT, "/proc/meminfo: %s",
				   strerror(errno));
	return channel_line(&self->channel, FRAME_HELLO, fault,
			    "agent 1\nrelease %s\ncpus %ld\nmemtotal-kib "
			    "%" PRIu64 "\ncmdline %s\n",
			    uts.release, sysconf(_SC_NPROCESSORS_ONLN),
			    procfs_number(meminfo, "MemTotal"), cmdline);
}

static int read_job(struct agent *self, struct error *fault)
{
	ssize_t length = text_read(self->job_file, self->job_text,
				   sizeof(self->job_text));

	if (length < 0)
		return error_coded(fault, ERROR_JOB, "%s: %s", self->job_file,
				   strerror(errno));
	return job_parse(&self->job, self->job_text, (size_t)length, fault);
}

// Pages of the shared memory are locked through our mapping of it.
static int start_heartbeat(struct agent *self, struct error *fault)
{
	self->progress = memfd_create("progress", MFD_CLOEXEC);
	if (self->progress < 0 || ftruncate(self->progress, PROGRESS_BYTES))
		return error_coded(fault, ERROR_HEARTBEAT, "memfd: %s",
				   strerror(errno));
	void *shared = mmap(NULL, PROGRESS_BYTES, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_POPULATE, self->progress, 0);

	if (shared == MAP_FAILED)
		return error_coded(fault, ERROR_HEARTBEAT, "mmap: %s",
				   strerror(errno));
	self->heartbeat.progress = shared;
	self->heartbeat.interval_ms = self->job.heartbeat_ms;
	return heartbeat_start(&self->heartbeat, fault);
}

static int find_device(struct agent *self, size_t number, struct error *fault)
{
	const struct job_area *asked = &self->job.areas[number];
	const struct device_wanted *wanted = &asked->device;
	struct device *device = &self->devices[number];

	if (device_find(device, "/sys", wanted, WAIT_MS, fault))
		return -1;
	// These two take their pages from the guest's own RAM.
	if ((wanted->kind == DEVICE_BRD || wanted->kind == DEVICE_ZRAM) &&
	    device_fill(device, wanted->bytes, (uint8_t *)arena, sizeof(arena),
			fault))
		return -1;
	if (channel_line(&self->channel, FRAME_EVENT, fault,
			 "device %s %" PRIu64, device->path, device->bytes) ||
	    channel_line(&self->channel, FRAME_EVENT, fault, "device-driver %s",
			 device->driver))
		return -1;
	self->areas[number] = (struct swap_area){.path = device->path,
						 .bytes = wanted->bytes,
						 .priority = asked->priority};
	return 0;
}

// In the order of the job: of areas without a priority, the kernel prefers the
// one that was switched on first.
static int find_devices(struct agent *self, struct error *fault)
{
	for (size_t i = 0; i < self->job.area_count; i++)
		if (find_device(self, i, fault))
			return -1;
	self->tools.device = self->devices[0].path;
	return 0;
}

static int switch_swap_on(struct agent *self, struct error *fault)
{
	for (size_t i = 0; i < self->job.area_count; i++) {
		const struct swap_area *area = &self->areas[i];

		if (swap_on(area->path, area->bytes, swap_flags(area->priority),
			    (uint8_t *)arena, fault))
			return -1;
	}
	return 0;
}

static int set_swap_up(struct agent *self, struct error *fault)
{
	if (self->guest && self->job.tool_count) {
		if (guest_tool_group(fault))
			return -1;
		self->tools.group = GUEST_TOOL_GROUP "/cgroup.procs";
	}
	settings_apply(&self->job);
	if (tools_run(&self->tools, TOOL_PROVISION, fault) ||
	    (self->guest && find_devices(self, fault)) ||
	    tools_run(&self->tools, TOOL_BEFORE, fault))
		return -1;
	return self->guest ? switch_swap_on(self, fault) : 0;
}

static int take_and_send(struct agent *self, const char *prefix,
			 struct error *fault)
{
	return snapshot_take(&self->snapshot, false, fault) ||
			       snapshot_send(&self->snapshot, &self->channel,
					     prefix, fault)
		       ? -1
		       : 0;
}

static int run_workload(struct agent *self, struct error *fault)
{
	struct workload workload = {
		.job = &self->job,
		.channel = &self->channel,
		.snapshot = &self->snapshot,
		.tools = &self->tools,
		.progress = self->progress,
	};
	int status;

	if (self->guest && self->job.collect_count)
		guest_debugfs();
	counters_find(&self->counters, &self->job);
	self->snapshot.counters = &self->counters;
	if (settings_send(&self->job, &self->channel, "before", fault) ||
	    take_and_send(self, "before", fault))
		return -1;
	const char *swaps = snapshot_text(&self->snapshot, "swaps");

	if (self->guest &&
	    swap_check(swaps, self->areas, self->job.area_count, fault))
		return -1;
	const uint64_t oom_before = procfs_number(
		snapshot_text(&self->snapshot, "vmstat"), "oom_kill");

	if (tools_start(&self->tools, fault) ||
	    workload_start(&workload, fault))
		return -1;
	// fork made our pages copy-on-write; touch them all again before the
	// pressure, so that no fault of ours has to find memory in it.
	if (self->guest && guest_lock(fault))
		return -1;
	if (workload_finish(&workload, &status, fault) ||
	    take_and_send(self, "after", fault) ||
	    settings_send(&self->job, &self->channel, "after", fault))
		return -1;
	const char *oom =
		procfs_number(snapshot_text(&self->snapshot, "vmstat"),
			      "oom_kill") > oom_before
			? " oom"
			: "";

	const bool exited = WIFEXITED(status);

	if (channel_line(&self->channel, FRAME_WORKLOAD, fault, "%s %d%s",
			 exited ? "exited" : "killed",
			 exited ? WEXITSTATUS(status) : WTERMSIG(status), oom))
		return -1;
	return tools_stop(&self->tools, fault) ||
			       tools_run(&self->tools, TOOL_AFTER, fault)
		       ? -1
		       : 0;
}

static int run_job(struct agent *self, struct error *fault)
{
	if (self->guest &&
	    (guest_mount(fault) || module_load("/modules", fault) ||
	     channel_open(&self->channel, "/sys", WAIT_MS, fault)))
		return -1;
	if (say_hello(self, fault) || read_job(self, fault) ||
	    (self->guest && (mark_cpus(fault) || guest_lock(fault))) ||
	    start_heartbeat(self, fault))
		return -1;
	// The kernel counts from boot on; ours begins with the steady phase.
	if ((self->job.lock_stat && lockstat_count(false, fault)) ||
	    set_swap_up(self, fault) || run_workload(self, fault)) {
		heartbeat_stop(&self->heartbeat);
		return -1;
	}
	heartbeat_stop(&self->heartbeat);
	return channel_line(&self->channel, FRAME_DONE, fault, "%s", "");
}

// On the channel, or where nobody needs one.
static void report(struct agent *self, const struct error *fault)
{
	struct error second;

	if (self->channel.fd >= 0 &&
	    !channel_line(&self->channel, FRAME_ERROR, &second, "%s: %s",
			  fault->code, fault->line))
		return;
	if (self->guest)
		guest_cry(fault);
	else
		fprintf(stderr, "swapscale-agent: %s: %s\n", fault->code,
			fault->line);
}

static void on_child(int signal_number)
{
	(void)signal_number; // only to wake ppoll
}

static void set_signals_up(void)
{
	const struct sigaction action = {.sa_handler = on_child};
	sigset_t all;

	// Every thread starts with all signals blocked; ppoll lets them in.
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigaction(SIGCHLD, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int take_fd(const char *text)
{
	uint64_t number;

	if (text_number(text, &number) || number > 1023 ||
	    fcntl((int)number, F_SETFD, FD_CLOEXEC))
		return -1;
	return (int)number;
}

// The kernel hands PID 1 what it does not know of its own command line, so
// options are looked at by everybody but PID 1.
static int take_options(struct agent *self, int argc, char **argv)
{
	static const struct option options[] = {
		{"no-init", no_argument, NULL, 'n'},
		{"channel-fd", required_argument, NULL, 'c'},
		{"heartbeat-fd", required_argument, NULL, 'b'},
		{"job", required_argument, NULL, 'j'},
		{"tool-ms", required_argument, NULL, 't'},
		{NULL, 0, NULL, 0},
	};
	uint64_t limit;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'n')
			self->guest = false;
		else if (option == 'c')
			self->channel.fd = take_fd(optarg);
		else if (option == 'b')
			self->heartbeat.fd = take_fd(optarg);
		else if (option == 'j')
			self->job_file = optarg;
		else if (option == 't' && !text_number(optarg, &limit) &&
			 limit < INT_MAX)
			self->tools.answer_ms = self->tools.run_ms = (int)limit;
		else
			return -1;
	}
	return self->guest || self->channel.fd < 0 || self->heartbeat.fd < 0 ||
			       optind < argc
		       ? -1
		       : 0;
}

int main(int argc, char **argv)
{
	struct error fault;

	agent.snapshot.arena = arena;
	if (getpid() != 1 && take_options(&agent, argc, argv)) {
		fprintf(stderr, "usage: agent --no-init --channel-fd N "
				"--heartbeat-fd N --job FILE [--tool-ms N]\n");
		return 2;
	}
	set_signals_up();
	int failed = run_job(&agent, &fault);

	if (failed)
		report(&agent, &fault);
	if (agent.guest)
		guest_power_off();
	return failed ? 1 : 0;
}
