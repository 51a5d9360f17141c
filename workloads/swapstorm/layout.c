// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "layout.h"

int layout_pages(const struct options *options, const struct memory *memory,
		 uint64_t page_size, uint64_t *pages, struct error *error)
{
	// At most 2^36 pages times 2^26 millionths: no overflow.
	uint64_t whole = options->memcg ? options->memcg : memory->total;
	uint64_t all = whole / page_size * options->ratio_micro / OPTIONS_MICRO;

	if (options->size_per_thread) {
		*pages = (options->size_per_thread + page_size - 1) / page_size;
		return 0;
	}
	*pages = all / options->threads;
	if (*pages == 0)
		return error_set(error,
				 "--threads: %" PRIu64
				 " threads are more than the "
				 "%" PRIu64 " pages that --ratio gives",
				 options->threads, all);
	return 0;
}

// Shares that the fastest thread may write.
#define TOGETHER_SHARES ((uint64_t)4)

uint64_t layout_region(const struct options *options, uint64_t share)
{
	if (!options->together)
		return share;
	return share * (options->threads < TOGETHER_SHARES ? options->threads
							   : TOGETHER_SHARES);
}

int layout_addresses(uint64_t bytes, struct error *error)
{
	void *all = mmap(NULL, bytes, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (all == MAP_FAILED)
		return error_set(error,
				 "regions of %" PRIu64 "M do not fit into an "
				 "address space: %s; ask for less",
				 bytes >> 20, strerror(errno));
	munmap(all, bytes);
	return 0;
}

int layout_room(const struct memory *memory, uint64_t bytes,
		struct error *error)
{
	if (bytes <= memory->available + memory->swap_free)
		return 0;
	return error_set(error,
			 "regions of %" PRIu64 "M in all do not fit into "
			 "%" PRIu64 "M of available RAM and %" PRIu64
			 "M of free swap; add swap, ask for less, or give "
			 "--allow-oom",
			 bytes >> 20, memory->available >> 20,
			 memory->swap_free >> 20);
}
