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

struct row {
	char path[64];
	uint64_t kib, used_kib;
	bool priority_is_negative;
	uint64_t priority; // without its sign
};

// A row of /proc/swaps, which ends where its line does.
static bool read_row(const char *text, struct row *row)
{
	char line[256], *rest = NULL, *word[5];

	snprintf(line, sizeof(line), "%.*s", (int)strcspn(text, "\n"), text);
	for (size_t i = 0; i < 5; i++) {
		word[i] = strtok_r(i ? NULL : line, " \t", &rest);
		if (!word[i])
			return false;
	}
	row->priority_is_negative = word[4][0] == '-';
	if (strlen(word[0]) >= sizeof(row->path) ||
	    text_number(word[2], &row->kib) ||
	    text_number(word[3], &row->used_kib) ||
	    text_number(word[4] + row->priority_is_negative, &row->priority))
		return false;
	snprintf(row->path, sizeof(row->path), "%s", word[0]);
	return true;
}

// The next row's line after text, NULL where there is none.
static const char *next_row(const char *text)
{
	const char *end = strchr(text, '\n');

	return end && end[1 + strspn(end + 1, " \t\n")] ? end + 1 : NULL;
}

bool swap_first(const char *swaps, char *path, size_t size, uint64_t *kib,
		uint64_t *used_kib)
{
	const char *line = next_row(swaps);
	struct row row;

	if (!line || !read_row(line, &row) || strlen(row.path) >= size)
		return false;
	snprintf(path, size, "%s", row.path);
	*kib = row.kib;
	*used_kib = row.used_kib;
	return true;
}

int swap_flags(int priority)
{
	return priority < 0 ? 0
			    : SWAP_FLAG_PREFER |
				      ((priority << SWAP_FLAG_PRIO_SHIFT) &
				       SWAP_FLAG_PRIO_MASK);
}

static int check_area(const char *swaps, const struct swap_area *area,
		      struct error *fault)
{
	// One page of it is the header.
	const uint64_t wanted = (area->bytes - SWAP_PAGE) / 1024;
	const char *line = swaps;
	struct row row;

	do
		line = next_row(line);
	while (line &&
	       (!read_row(line, &row) || strcmp(row.path, area->path) != 0));
	if (!line)
		return error_coded(fault, ERROR_SWAPON,
				   "/proc/swaps does not name %s", area->path);
	if (row.kib != wanted)
		return error_coded(fault, ERROR_SWAPON,
				   "%s: %" PRIu64
				   " KiB wanted, the kernel uses "
				   "%" PRIu64,
				   area->path, wanted, row.kib);
	if (area->priority < 0
		    ? !row.priority_is_negative
		    : row.priority_is_negative ||
			      row.priority != (uint64_t)area->priority)
		return error_coded(fault, ERROR_SWAPON,
				   "%s: priority %d asked for, the kernel "
				   "gave it %s%" PRIu64,
				   area->path, area->priority,
				   row.priority_is_negative ? "-" : "",
				   row.priority);
	return 0;
}

int swap_check(const char *swaps, const struct swap_area *areas, size_t count,
	       struct error *fault)
{
	size_t rows = 0;

	for (size_t i = 0; i < count; i++)
		if (check_area(swaps, &areas[i], fault))
			return -1;
	for (const char *line = next_row(swaps); line; line = next_row(line))
		rows++;
	if (rows != count)
		return error_coded(
			fault, ERROR_SWAPON, "/proc/swaps names more than %s",
			count == 1 ? areas->path : "what was switched on");
	return 0;
}
