// SPDX-License-Identifier: GPL-2.0-only
// What is in the server: keys as its own benchmark names them, with values
// that follow from a seed, half of whose bits are random.  Written and read
// back over its own protocol.
#ifndef SWAPKV_DATASET_H
#define SWAPKV_DATASET_H

#include "workloads/lib/checked.h"
#include "workloads/lib/error.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	DATASET_MOST_KEYS = 100000000,
	DATASET_MOST_VALUE = 65536,
};

struct dataset {
	uint64_t seed, keys, value; // bytes of a value
};

// CPU time that a server says it has used, in microseconds.
struct dataset_cpu {
	uint64_t user_us, system_us;
};

// All of them take a connected socket.
int dataset_fill(const struct dataset *dataset, int fd, struct error *error);
// A page is a key here.
int dataset_verify(const struct dataset *dataset, int fd,
		   struct checked *checked, struct error *error);
int dataset_cpu(int fd, struct dataset_cpu *cpu, struct error *error);

// The figure in "...NAME:1.25...", in millionths; false: it is not there.
bool dataset_seconds(const char *text, const char *name, uint64_t *micro);

#endif
