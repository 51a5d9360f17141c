// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/swap.h>
#include <unistd.h>

#include "workloads/lib/device.h"
#include "workloads/lib/swap.h"
#include "workloads/lib/text.h"
#include "swaps.h"

enum {
	WAIT_MS = 10000,
	FAST = SWAP_FLAG_PREFER | SWAPS_FAST_PRIORITY,
};

// Written to a device with O_DIRECT, so page-aligned; of no use afterwards.
static alignas(4096) uint8_t scratch[64 << 10];

static int read_swaps(char *text, size_t size, struct error *error)
{
	if (text_read("/proc/swaps", text, size) < 0)
		return error_set(error, "/proc/swaps: %s", strerror(errno));
	return 0;
}

int swaps_prepare(struct swaps *swaps, struct error *error)
{
	char text[4096];
	uint64_t kib, used_kib;
	const struct device_wanted disk = {.kind = DEVICE_BRD,
					   .number = DEVICE_ALONE};
	struct device device;
	struct error fault;

	if (read_swaps(text, sizeof(text), error))
		return -1;
	if (!swap_first(text, swaps->slow, sizeof(swaps->slow), &kib,
			&used_kib))
		return error_set(error, "/proc/swaps: no device is in use; "
					"the guest is to have one");
	// As large as the kernel was told to make it.
	if (device_find(&device, "/sys", &disk, WAIT_MS, &fault) ||
	    device_fill(&device, device.bytes, scratch, sizeof(scratch),
			&fault) ||
	    swap_on(device.path, device.bytes, FAST, scratch, &fault))
		return error_set(error, "%.200s", fault.line);
	snprintf(swaps->fast, sizeof(swaps->fast), "%s", device.path);
	swaps->fast_bytes = device.bytes;
	return 0;
}

int swaps_take_off(const char *path, uint64_t limit_s, enum swaps_off *how,
		   struct error *error)
{
	alarm((unsigned int)limit_s);
	int failed = swapoff(path) ? errno : 0;

	alarm(0);
	switch (failed) {
	case 0:
		*how = SWAPS_OFF;
		return 0;
	case ENOMEM:
		*how = SWAPS_REFUSED;
		return 0;
	case EINTR:
		*how = SWAPS_ENDLESS;
		return 0;
	default:
		return error_set(error, "swapoff %s: %s", path,
				 strerror(failed));
	}
}

static int put(const char *path, int flags, struct error *error)
{
	if (swapon(path, flags))
		return error_set(error, "swapon %s: %s", path, strerror(errno));
	return 0;
}

int swaps_put_fast(const struct swaps *swaps, struct error *error)
{
	return put(swaps->fast, FAST, error);
}

int swaps_put_slow(const struct swaps *swaps, struct error *error)
{
	return put(swaps->slow, 0, error);
}

uint64_t swaps_used_kib(const char *path)
{
	char text[4096], name[64], used[32];
	uint64_t kib;
	struct error error;

	if (read_swaps(text, sizeof(text), &error))
		return 0;
	for (const char *line = strchr(text, '\n'); line;
	     line = strchr(line + 1, '\n'))
		if (sscanf(line + 1, "%63s %*s %*s %31s", name, used) == 2 &&
		    !strcmp(name, path) && !text_number(used, &kib))
			return kib;
	return 0;
}
