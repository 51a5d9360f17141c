// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "placement.h"

// Pages asked about at a time: 6 KiB of a thread's stack of 64.
#define AT_ONCE 512

// With no nodes to move to, move_pages only tells where pages are.
static long tell(unsigned long count, void **pages, int *nodes)
{
	return syscall(SYS_move_pages, 0, count, pages, NULL, nodes, 0);
}

int placement_check(struct error *error)
{
	if (tell(0, NULL, NULL))
		return error_set(
			error,
			"--nodes: the kernel does not tell where pages "
			"are: move_pages: %s",
			strerror(errno));
	return 0;
}

struct placement placement_of(unsigned char *region, uint64_t pages,
			      size_t page_size, unsigned int node)
{
	struct placement found = {0};
	void *asked[AT_ONCE];
	int nodes[AT_ONCE];
	uint64_t count;

	for (uint64_t page = 0; page < pages; page += count) {
		count = pages - page < AT_ONCE ? pages - page : AT_ONCE;
		for (uint64_t i = 0; i < count; i++) {
			asked[i] = region + (page + i) * page_size;
			nodes[i] = -1;
		}
		tell(count, asked, nodes);
		for (uint64_t i = 0; i < count; i++) {
			// Below 0: not in memory.
			found.on_node += nodes[i] == (int)node;
			found.elsewhere +=
				nodes[i] >= 0 && nodes[i] != (int)node;
		}
	}
	return found;
}
