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

bool swap_first(const char *swaps, char *path, size_t size, uint64_t *kib,
		uint64_t *used_kib)
{
	char line[256], *rest = NULL, *word[4];
	const char *row = strchr(swaps, '\n');

	if (!row)
		return false;
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(row + 1, "\n"),
		 row + 1);
	for (size_t i = 0; i < 4; i++) {
		word[i] = strtok_r(i ? NULL : line, " \t", &rest);
		if (!word[i])
			return false;
	}
	if (strlen(word[0]) >= size || text_number(word[2], kib) ||
	    text_number(word[3], used_kib))
		return false;
	snprintf(path, size, "%s", word[0]);
	return true;
}

int swap_check(const char *swaps, const char *path, uint64_t bytes,
	       struct error *fault)
{
	// One page of it is the header.
	const uint64_t wanted = (bytes - SWAP_PAGE) / 1024;
	char name[64], more[2];
	uint64_t kib, used_kib;

	if (!swap_first(swaps, name, sizeof(name), &kib, &used_kib) ||
	    strcmp(name, path) != 0)
		return error_coded(fault, ERROR_SWAPON,
				   "/proc/swaps does not name %s", path);
	if (kib != wanted)
		return error_coded(fault, ERROR_SWAPON,
				   "%s: %" PRIu64
				   " KiB wanted, the kernel uses "
				   "%" PRIu64,
				   path, wanted, kib);
	const char *line = strchr(strchr(swaps, '\n') + 1, '\n');

	if (line && sscanf(line, "%1s", more) == 1)
		return error_coded(fault, ERROR_SWAPON,
				   "/proc/swaps names more than %s", path);
	return 0;
}
