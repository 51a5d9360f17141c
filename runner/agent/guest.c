// SPDX-License-Identifier: GPL-2.0-only
#include "guest.h"

#include "workloads/lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

static int mount_one(const char *type, const char *where, struct error *fault)
{
	const unsigned long flags = MS_NOSUID | MS_NOEXEC;

	if (mkdir(where, 0755) && errno != EEXIST)
		return error_coded(fault, ERROR_MOUNT, "%s: %s", where,
				   strerror(errno));
	// EBUSY: somebody was there before us.
	if (mount(type, where, type, flags, NULL) && errno != EBUSY)
		return error_coded(fault, ERROR_MOUNT, "%s on %s: %s", type,
				   where, strerror(errno));
	return 0;
}

int guest_mount(struct error *fault)
{
	if (mount_one("devtmpfs", "/dev", fault) ||
	    mount_one("proc", "/proc", fault) ||
	    mount_one("sysfs", "/sys", fault) ||
	    mount_one("devpts", "/dev/pts", fault))
		return -1;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return error_coded(fault, ERROR_MOUNT, "/dev/null: %s",
				   strerror(errno));
	for (int fd = 0; fd <= 2; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	return 0;
}

void guest_debugfs(void)
{
	struct error none;

	mount_one("debugfs", "/sys/kernel/debug", &none);
}

int guest_lock(struct error *fault)
{
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		return error_coded(fault, ERROR_MOUNT, "mlockall: %s",
				   strerror(errno));
	if (text_write("/proc/self/oom_score_adj", "-1000"))
		return error_coded(fault, ERROR_MOUNT, "oom_score_adj: %s",
				   strerror(errno));
	return 0;
}

int guest_tool_group(struct error *fault)
{
	if (mount_one("cgroup2", "/sys/fs/cgroup", fault))
		return -1;
	if (text_write("/sys/fs/cgroup/cgroup.subtree_control", "+memory") ||
	    mkdir(GUEST_TOOL_GROUP, 0755) ||
	    text_write(GUEST_TOOL_GROUP "/memory.swap.max", "0"))
		return error_coded(fault, ERROR_MOUNT, "%s: %s",
				   GUEST_TOOL_GROUP, strerror(errno));
	return 0;
}

void guest_cry(const struct error *fault)
{
	char line[400];

	// <2>: critical, so that `quiet` on the command line hides it not.
	snprintf(line, sizeof(line), "<2>swapscale-agent: %s: %s\n",
		 fault->code, fault->line);
	text_write("/dev/kmsg", line);
}

void guest_power_off(void)
{
	sync();
	reboot(RB_POWER_OFF);
	// Only a kernel without a way to power off comes back.  PID 1 must not
	// end: that would be a panic in place of a silent guest.
	for (;;)
		pause();
}
