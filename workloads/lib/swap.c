// SPDX-License-Identifier: GPL-2.0-only
#include "swap.h"

#include "frame.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/swap.h>
#include <unistd.h>

void swap_header(uint8_t page[SWAP_PAGE], uint64_t bytes)
{
	static const char magic[10] = {'S', 'W', 'A', 'P', 'S',
				       'P', 'A', 'C', 'E', '2'};
	static const char label[16] = "swapscale";

	memset(page, 0, SWAP_PAGE);
	put_le32(page + 1024, 1);				  // version
	put_le32(page + 1028, (uint32_t)(bytes / SWAP_PAGE - 1)); // last page
	memcpy(page + 1052, label, sizeof(label));
	memcpy(page + SWAP_PAGE - sizeof(magic), magic, sizeof(magic));
}

int swap_on(const char *path, uint64_t bytes, int flags, uint8_t *page,
	    struct error *fault)
{
	int fd = open(path, O_WRONLY | O_DIRECT | O_CLOEXEC);

	if (fd < 0)
		return error_coded(fault, ERROR_SWAPON, "%s: open: %s", path,
				   strerror(errno));
	swap_header(page, bytes);
	ssize_t wrote = pwrite(fd, page, SWAP_PAGE, 0);
	int error = wrote < 0 ? errno : wrote < SWAP_PAGE ? EIO : 0;

	if (!error && fsync(fd))
		error = errno;
	close(fd);
	if (error)
		return error_coded(fault, ERROR_SWAPON, "%s: header: %s", path,
				   strerror(error));
	if (swapon(path, flags))
		return error_coded(fault, ERROR_SWAPON, "%s: %s", path,
				   strerror(errno));
	return 0;
}

int swap_check(const char *swaps, const char *path, uint64_t bytes,
	       struct error *fault)
{
	// One page of it is the header.
	const uint64_t wanted = (bytes - SWAP_PAGE) / 1024;
	char name[64], size[32], more[2];
	uint64_t kib;
	const char *line = strchr(swaps, '\n');

	if (!line || sscanf(line + 1, "%63s %*s %31s", name, size) != 2 ||
	    strcmp(name, path) != 0 || text_number(size, &kib))
		return error_coded(fault, ERROR_SWAPON,
				   "/proc/swaps does not name %s", path);
	if (kib != wanted)
		return error_coded(fault, ERROR_SWAPON,
				   "%s: %" PRIu64
				   " KiB wanted, the kernel uses "
				   "%" PRIu64,
				   path, wanted, kib);
	line = strchr(line + 1, '\n');
	if (line && sscanf(line, "%1s", more) == 1)
		return error_coded(fault, ERROR_SWAPON,
				   "/proc/swaps names more than %s", path);
	return 0;
}
