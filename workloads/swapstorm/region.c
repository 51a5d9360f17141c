// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "placement.h"
#include "region.h"

#define THP_FOLDER "/sys/kernel/mm/transparent_hugepage"
#define THP_FILE   THP_FOLDER "/enabled"

// A size of its own may be had on advice while the huge page is not.
static bool folios_of_some_size(void)
{
	char path[96], text[64];

	for (unsigned int kib = 16; kib <= 2048; kib *= 2) {
		ssize_t n = -1;
		int fd;

		snprintf(path, sizeof(path),
			 THP_FOLDER "/hugepages-%ukB/enabled", kib);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			n = read(fd, text, sizeof(text) - 1);
			close(fd);
		}
		text[n > 0 ? n : 0] = '\0';
		if (n > 0 && !strstr(text, "[never]") &&
		    !strstr(text, "[inherit]"))
			return true;
	}
	return false;
}

int region_check_thp(enum region_thp thp, struct error *error)
{
	char text[64] = "";
	int fd;
	ssize_t n;

	if (thp == THP_NEVER || thp == THP_SYSTEM)
		return 0;
	fd = open(THP_FILE, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, "--thp: " THP_FILE ": %s",
				 strerror(errno));
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n < 0 || (strstr(text, "[never]") && !folios_of_some_size()))
		return error_set(error, "--thp: " THP_FILE " says never; write "
					"madvise or always to it");
	if (thp == THP_ALWAYS && !strstr(text, "[always]"))
		return error_set(error, "--thp: always: " THP_FILE
					" does not say so; write always to it");
	return 0;
}

static int advise(void *region, size_t bytes, enum region_thp thp,
		  struct error *error)
{
	if (thp == THP_ALWAYS || thp == THP_SYSTEM)
		return 0;
	if (!madvise(region, bytes,
		     thp == THP_NEVER ? MADV_NOHUGEPAGE : MADV_HUGEPAGE))
		return 0;
	// EINVAL: a kernel that has no huge pages to refuse.
	if (thp == THP_NEVER && errno == EINVAL)
		return 0;
	return error_set(error, "madvise: %s", strerror(errno));
}

int region_check_nodes(const struct list *nodes, struct error *error)
{
	unsigned long mask[LIST_LIMIT / (8 * sizeof(unsigned long))] = {0};
	const size_t bits = 8 * sizeof(mask[0]);

	if (nodes->count && syscall(SYS_get_mempolicy, NULL, mask, LIST_LIMIT,
				    NULL, MPOL_F_MEMS_ALLOWED))
		return error_set(error, "--nodes: %s", strerror(errno));
	for (unsigned int i = 0; i < nodes->count; i++) {
		unsigned int node = nodes->numbers[i];

		if (!(mask[node / bits] & 1ul << (node % bits)))
			return error_set(error,
					 "--nodes: %u is not a node that this "
					 "process may have memory on",
					 node);
	}
	return nodes->count ? placement_check(error) : 0;
}

static int bind_node(void *region, size_t bytes, unsigned int node,
		     struct error *error)
{
	unsigned long mask[LIST_LIMIT / (8 * sizeof(unsigned long))] = {0};
	const size_t bits = 8 * sizeof(mask[0]);

	mask[node / bits] |= 1ul << (node % bits);
	// The kernel takes the number of bits for one too many.
	if (syscall(SYS_mbind, region, bytes, MPOL_BIND, mask, LIST_LIMIT + 1,
		    0))
		return error_set(error, "--nodes: %u: %s", node,
				 strerror(errno));
	return 0;
}

// An inaccessible page after the region stops an overrun, and keeps the kernel
// from merging neighbouring regions into one.
void *region_map(const struct region_plan *plan, unsigned int index,
		 size_t bytes, size_t page_size, struct error *error)
{
	int sharing = plan->kind == REGION_SHARED ? MAP_SHARED : MAP_PRIVATE;
	void *region = mmap(NULL, bytes + page_size, PROT_NONE,
			    sharing | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (region == MAP_FAILED ||
	    mprotect(region, bytes, PROT_READ | PROT_WRITE)) {
		error_set(error, "cannot map %zu bytes for thread %u: %s",
			  bytes, index, strerror(errno));
		return NULL;
	}
	if (advise(region, bytes, plan->thp, error))
		return NULL;
	if (plan->nodes->count &&
	    bind_node(region, bytes, list_at(plan->nodes, index), error))
		return NULL;
	return region;
}
