// SPDX-License-Identifier: GPL-2.0-only
// The block device to swap to: found by what it is, never by what it is called.
#ifndef LIB_DEVICE_H
#define LIB_DEVICE_H

#include "error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum device_kind {
	DEVICE_PMEM,	    // QEMU's nvdimm, found through the NFIT table
	DEVICE_PMEM_LEGACY, // memmap= on the kernel's command line
	DEVICE_BRD,	    // RAM disk
	DEVICE_ZRAM,	    // RAM disk that compresses
	DEVICE_VIRTIO_BLK,  // QEMU's, with a file in the host's RAM
	DEVICE_NVME,	    // likewise
};

const char *device_kind_name(enum device_kind kind);

// The kind of that name; false where there is none.
bool device_kind_of(const char *name, enum device_kind *kind);

struct device {
	char name[32];	 // pmem0
	char path[40];	 // /dev/pmem0
	char driver[64]; // who provides it: ACPI.NFIT, e820, brd, …
	uint64_t bytes;
};

struct device_wanted {
	enum device_kind kind;
	int number; // among those of its kind; DEVICE_ALONE: there is no other
	uint64_t bytes;
};

enum { DEVICE_ALONE = -1 };

// Waits up to wait_ms for the device to show up under sys (/sys); faults when
// it is missing, is not what was asked for, or is smaller than that.  A zram
// device is given its size first.
int device_find(struct device *device, const char *sys,
		const struct device_wanted *wanted, int wait_ms,
		struct error *fault);

// Writes the first bytes of a brd or zram device, so that it takes its pages
// from RAM now and not in the middle of reclaim: nothing that zram could
// compress.  buffer: page-aligned, size a multiple
// of a page; it is overwritten.
int device_fill(const struct device *device, uint64_t bytes, uint8_t *buffer,
		size_t size, struct error *fault);

#endif
