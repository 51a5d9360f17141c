// SPDX-License-Identifier: GPL-2.0-only
// The block device to swap to: found by what it is, never by what it is called.
#ifndef AGENT_DEVICE_H
#define AGENT_DEVICE_H

#include "fault.h"
#include "job.h"

struct device {
	char name[32];	 // pmem0
	char path[40];	 // /dev/pmem0
	char driver[64]; // who provides it: ACPI.NFIT, e820, brd, …
	uint64_t bytes;
};

// Waits up to wait_ms for the device to show up under sys (/sys); faults when
// it is missing, is not what was asked for, or is smaller than bytes.  A zram
// device is given that size first.
int device_find(struct device *device, const char *sys, enum device_kind kind,
		uint64_t bytes, int wait_ms, struct fault *fault);

// Writes the first bytes of a brd or zram device, so that it takes its pages
// from RAM now and not in the middle of reclaim: nothing that zram could
// compress.  buffer: page-aligned, size a multiple
// of a page; it is overwritten.
int device_fill(const struct device *device, uint64_t bytes, uint8_t *buffer,
		size_t size, struct fault *fault);

#endif
