// SPDX-License-Identifier: GPL-2.0-only
#include "device.h"

#include "text.h"
#include "wait.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

static const char *const kinds[] = {
	[DEVICE_PMEM] = "pmem",
	[DEVICE_PMEM_LEGACY] = "pmem-legacy",
	[DEVICE_BRD] = "brd",
	[DEVICE_ZRAM] = "zram",
	[DEVICE_VIRTIO_BLK] = "virtio-blk",
	[DEVICE_NVME] = "nvme",
};

const char *device_kind_name(enum device_kind kind)
{
	return kinds[kind];
}

bool device_kind_of(const char *name, enum device_kind *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!strcmp(name, kinds[i])) {
			*kind = (enum device_kind)i;
			return true;
		}
	}
	return false;
}

static bool is_candidate(const char *sys, const char *name,
			 const struct device_wanted *wanted)
{
	static const char *const begins[] = {
		[DEVICE_PMEM] = "pmem",	    [DEVICE_PMEM_LEGACY] = "pmem",
		[DEVICE_BRD] = "ram",	    [DEVICE_ZRAM] = "zram",
		[DEVICE_VIRTIO_BLK] = "vd", [DEVICE_NVME] = "nvme",
	};
	const char *begin = begins[wanted->kind];
	char path[PATH_MAX], whole[32];
	int number = wanted->number;

	if (strncmp(name, begin, strlen(begin)) != 0)
		return false;
	// Of these there may be more than are used.
	if (number == DEVICE_ALONE &&
	    (wanted->kind == DEVICE_BRD || wanted->kind == DEVICE_ZRAM))
		number = 0;
	// Linux 4.4 calls the disk pmem0m, later ones pmem0.
	snprintf(whole, sizeof(whole), "%s%d", begin, number);
	if (number != DEVICE_ALONE &&
	    (strncmp(name, whole, strlen(whole)) != 0 ||
	     isdigit((unsigned char)name[strlen(whole)])))
		return false;
	snprintf(path, sizeof(path), "%s/class/block/%s/partition", sys, name);
	return access(path, F_OK) != 0;
}

// How many devices could be meant; the last one's name.
static int scan(struct device *device, const char *sys,
		const struct device_wanted *wanted)
{
	char path[PATH_MAX];
	struct dirent *entry;
	int count = 0;

	snprintf(path, sizeof(path), "%s/class/block", sys);
	DIR *blocks = opendir(path);

	if (!blocks)
		return 0;
	while ((entry = readdir(blocks))) {
		if (strlen(entry->d_name) >= sizeof(device->name) ||
		    !is_candidate(sys, entry->d_name, wanted))
			continue;
		memcpy(device->name, entry->d_name, strlen(entry->d_name) + 1);
		count++;
	}
	closedir(blocks);
	return count;
}

// Where the disk hangs says whose it is; for pmem the bus says who told the
// kernel about the memory.
static void find_driver(struct device *device, const char *sys)
{
	static const char *const places[][2] = {
		{"/virtual/block/ram", "brd"},
		{"/virtual/block/zram", "zram"},
		{"/nvme/nvme", "nvme"},
		{"/virtio", "virtio_blk"},
	};
	char path[PATH_MAX], real[PATH_MAX];

	snprintf(device->driver, sizeof(device->driver), "unknown");
	snprintf(path, sizeof(path), "%s/class/block/%s", sys, device->name);
	if (!realpath(path, real))
		return;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (strstr(real, places[i][0])) {
			snprintf(device->driver, sizeof(device->driver), "%s",
				 places[i][1]);
			return;
		}
	}
	char *bus = strstr(real, "/ndbus");

	if (!bus)
		return;
	bus[1 + strcspn(bus + 1, "/")] = '\0';
	if (snprintf(path, sizeof(path), "%s/provider", real) <
	    (int)sizeof(path))
		text_read_line(path, device->driver, sizeof(device->driver));
}

static const char *driver_wanted(enum device_kind kind)
{
	switch (kind) {
	case DEVICE_PMEM:
		return "ACPI.NFIT";
	case DEVICE_PMEM_LEGACY:
		return "e820";
	case DEVICE_ZRAM:
		return "zram";
	case DEVICE_VIRTIO_BLK:
		return "virtio_blk";
	case DEVICE_NVME:
		return "nvme";
	default:
		return "brd";
	}
}

// It has no size of its own.
static int size_zram(const struct device *device, const char *sys,
		     uint64_t bytes, struct error *fault)
{
	char path[PATH_MAX], text[24];

	snprintf(path, sizeof(path), "%s/class/block/%s/disksize", sys,
		 device->name);
	snprintf(text, sizeof(text), "%" PRIu64, bytes);
	if (text_write(path, text))
		return error_coded(fault, ERROR_DEVICE_WRONG, "%s: %s: %s",
				   path, text, strerror(errno));
	return 0;
}

static int check(struct device *device, const char *sys,
		 const struct device_wanted *wanted, struct error *fault)
{
	char path[PATH_MAX], text[32];
	uint64_t sectors;

	snprintf(device->path, sizeof(device->path), "/dev/%s", device->name);
	find_driver(device, sys);
	if (strcmp(device->driver, driver_wanted(wanted->kind)) != 0)
		return error_coded(fault, ERROR_DEVICE_WRONG,
				   "%s is provided by %s, %s asks for %s",
				   device->path, device->driver,
				   device_kind_name(wanted->kind),
				   driver_wanted(wanted->kind));
	snprintf(path, sizeof(path), "%s/class/block/%s/size", sys,
		 device->name);
	if (text_read_line(path, text, sizeof(text)) < 0 ||
	    text_number(text, &sectors) || sectors > UINT64_MAX / 512)
		return error_coded(fault, ERROR_DEVICE_WRONG,
				   "%s: its size cannot be read", path);
	device->bytes = sectors * 512;
	if (device->bytes < wanted->bytes)
		return error_coded(fault, ERROR_DEVICE_TOO_SMALL,
				   "%s: %" PRIu64 " bytes asked for, %" PRIu64
				   " found",
				   device->path, wanted->bytes, device->bytes);
	return 0;
}

int device_find(struct device *device, const char *sys,
		const struct device_wanted *wanted, int wait_ms,
		struct error *fault)
{
	int count = 0;

	memset(device, 0, sizeof(*device));
	for (int waited = 0; waited <= wait_ms && !count;
	     waited += count ? 0 : wait_step())
		count = scan(device, sys, wanted);
	if (!count)
		return error_coded(
			fault, ERROR_DEVICE_MISSING,
			"no %s block device within %d ms: the machine "
			"has none or the kernel lacks its driver",
			device_kind_name(wanted->kind), wait_ms);
	if (count > 1)
		return error_coded(fault, ERROR_DEVICE_WRONG,
				   "%d block devices could be the %s one",
				   count, device_kind_name(wanted->kind));
	if (wanted->kind == DEVICE_ZRAM &&
	    size_zram(device, sys, wanted->bytes, fault))
		return -1;
	return check(device, sys, wanted, fault);
}

int device_fill(const struct device *device, uint64_t bytes, uint8_t *buffer,
		size_t size, struct error *fault)
{
	// A device that eats all RAM ends in a panic, for the agent cannot be
	// killed: say it before.
	const uint64_t spare = 16 << 20;
	struct sysinfo info;

	if (sysinfo(&info) ||
	    (uint64_t)info.freeram * info.mem_unit < bytes + spare)
		return error_coded(fault, ERROR_DEVICE_TOO_SMALL,
				   "%s: %" PRIu64 " bytes asked for, %" PRIu64
				   " of RAM free to hold them",
				   device->path, bytes,
				   (uint64_t)info.freeram * info.mem_unit);
	// O_DIRECT: through the page cache it would cost the RAM twice.
	int fd = open(device->path, O_WRONLY | O_DIRECT | O_CLOEXEC);

	if (fd < 0)
		return error_coded(fault, ERROR_DEVICE_WRONG, "%s: open: %s",
				   device->path, strerror(errno));
	// Not zeros, which a driver might choose not to store.
	uint64_t *words = (uint64_t *)(void *)buffer;
	uint64_t noise = 0x9e3779b97f4a7c15;

	for (size_t i = 0; i < size / sizeof(*words); i++) {
		noise ^= noise << 13;
		noise ^= noise >> 7;
		noise ^= noise << 17;
		words[i] = noise;
	}
	while (bytes) {
		size_t chunk = bytes < size ? (size_t)bytes : size;
		ssize_t wrote = write(fd, buffer, chunk);

		if (wrote <= 0) {
			int error = errno;

			close(fd);
			return error_coded(fault, ERROR_DEVICE_WRONG,
					   "%s: write: %s", device->path,
					   strerror(error));
		}
		bytes -= (uint64_t)wrote;
	}
	close(fd);
	return 0;
}
