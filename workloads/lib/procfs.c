// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "procfs.h"
#include "text.h"

bool procfs_field(const char *text, const char *name, uint64_t *value)
{
	size_t length = strlen(name);
	const char *line = text;

	while (line) {
		const char *newline = strchr(line, '\n');

		if (!newline)
			return false;
		if (!strncmp(line, name, length) &&
		    (line[length] == ' ' || line[length] == ':')) {
			char *end;

			*value = strtoull(line + length + 1, &end, 10);
			return end > line + length + 1 && end <= newline;
		}
		line = newline + 1;
	}
	return false;
}

uint64_t procfs_number(const char *text, const char *name)
{
	uint64_t value = 0;

	return procfs_field(text, name, &value) ? value : 0;
}

int procfs_memory(struct memory *memory, struct error *error)
{
	char text[8192];

	if (text_read("/proc/meminfo", text, sizeof(text)) < 0)
		return error_set(error, "/proc/meminfo: %s", strerror(errno));
	if (!procfs_field(text, "MemTotal", &memory->total) ||
	    !procfs_field(text, "MemAvailable", &memory->available))
		return error_set(error, "/proc/meminfo: does not say MemTotal "
					"and MemAvailable");
	memory->swap_free = 0; // no such line in a kernel without swap
	procfs_field(text, "SwapFree", &memory->swap_free);
	memory->total *= 1024;
	memory->available *= 1024;
	memory->swap_free *= 1024;
	return 0;
}

uint64_t procfs_sum(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);
	uint64_t sum = 0;

	while (*text) {
		const char *newline = strchr(text, '\n');
		const char *blank = strchr(text, ' ');

		if (!newline)
			break;
		if (!strncmp(text, prefix, length) && blank && blank < newline)
			sum += strtoull(blank + 1, NULL, 10);
		text = newline + 1;
	}
	return sum;
}

// A page that zswap takes is swapped out, and no device has seen it.  One that
// zswap writes back to the device later is counted there, and was counted
// before (kernels before 6.8 do not say how many those are).
static void add_zswap(const char *text, struct reading *reading)
{
	uint64_t out = 0, in = 0, back = 0;

	procfs_field(text, "zswpout", &out);
	procfs_field(text, "zswpin", &in);
	procfs_field(text, "zswpwb", &back);
	reading->pswpout += out > back ? out - back : 0;
	reading->pswpin += in;
}

// Until the counters have been seen, or all of it.
static int read_text(struct vmstat *vmstat, struct reading *reading, bool all,
		     struct error *error)
{
	bool seen = false;
	size_t used = 0;

	// The kernel hands out at most a page per call.
	while (used < sizeof(vmstat->text) - 1) {
		ssize_t n = pread(vmstat->fd, vmstat->text + used,
				  sizeof(vmstat->text) - 1 - used, (off_t)used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(error, "/proc/vmstat: %s",
					 strerror(errno));
		// The counters were summed up at the first call.
		if (used == 0)
			reading->t_ns = clock_ns();
		used += (size_t)n;
		vmstat->text[used] = '\0';
		seen = seen ||
		       (procfs_field(vmstat->text, "pswpout",
				     &reading->pswpout) &&
			procfs_field(vmstat->text, "pswpin", &reading->pswpin));
		if (n == 0 || (seen && !all && !vmstat->zswap))
			break;
	}
	if (seen) {
		if (vmstat->zswap)
			add_zswap(vmstat->text, reading);
		return 0;
	}
	return error_set(error, "/proc/vmstat: no pswpin and pswpout; the "
				"kernel needs CONFIG_SWAP and "
				"CONFIG_VM_EVENT_COUNTERS");
}

int vmstat_open(struct vmstat *vmstat, struct error *error)
{
	struct reading first;
	uint64_t counted;

	vmstat->fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	if (vmstat->fd < 0)
		return error_set(error, "/proc/vmstat: %s", strerror(errno));
	if (read_text(vmstat, &first, true, error))
		return -1;
	vmstat->zswap = procfs_field(vmstat->text, "zswpout", &counted);
	return 0;
}

int vmstat_read(struct vmstat *vmstat, struct reading *reading,
		struct error *error)
{
	return read_text(vmstat, reading, false, error);
}

int vmstat_read_detail(struct vmstat *vmstat, struct reading *reading,
		       struct detail *detail, struct error *error)
{
	if (read_text(vmstat, reading, true, error))
		return -1;
	*detail = (struct detail){
		.allocstall = procfs_sum(vmstat->text, "allocstall"),
		.free_pages = procfs_sum(vmstat->text, "nr_free_pages "),
		.readahead = procfs_sum(vmstat->text, "swap_ra "),
		.readahead_hits = procfs_sum(vmstat->text, "swap_ra_hit "),
		.refaults =
			procfs_sum(vmstat->text, "workingset_refault_anon "),
		.major_faults = procfs_sum(vmstat->text, "pgmajfault "),
	};
	return 0;
}
