// SPDX-License-Identifier: GPL-2.0-only
#include "lines.h"

#include <sys/mman.h>

int lines_set_up(struct lines *lines, const struct machine *machine)
{
	*lines = (struct lines){.machine = machine};
	for (unsigned int i = 0; i < machine->cpus; i++)
		for (unsigned int j = 0; j < machine->cpus; j++)
			if (machine->socket[i] == machine->socket[j])
				lines->near_mask[i] |= UINT64_C(1) << j;
	for (unsigned int i = 0; i < machine->range_count; i++) {
		const struct range *range = &machine->ranges[i];
		const uint64_t count = (range->end - range->start) / LINE_BYTES;
		const unsigned int top = (range->start >> 40) & 0xff;

		if (lines->by_top[top].lines ||
		    range->start >> 40 != (range->end - 1) >> 40)
			return -1;
		// Zero pages until a line in them is touched.
		void *room = mmap(NULL, count * sizeof(struct line),
				  PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
				  -1, 0);

		if (room == MAP_FAILED)
			return -1;
		lines->of[i] = room;
		lines->by_top[top].start = range->start;
		lines->by_top[top].bytes = range->end - range->start;
		lines->by_top[top].lines = room;
	}
	return 0;
}

void lines_tear_down(struct lines *lines)
{
	for (unsigned int i = 0; i < lines->machine->range_count; i++) {
		const struct range *range = &lines->machine->ranges[i];

		if (lines->of[i])
			munmap(lines->of[i], (range->end - range->start) /
						     LINE_BYTES *
						     sizeof(struct line));
	}
}

struct transfer lines_take(struct lines *lines, struct line *line,
			   unsigned int cpu, bool write, uint32_t code,
			   uint64_t now)
{
	const uint64_t bit = UINT64_C(1) << cpu;
	const uint64_t others = line->holders & ~bit;
	struct transfer transfer = {.from = line->from};

	if (others && (write || line->modified)) {
		transfer.far = others & ~lines->near_mask[cpu];
		transfer.fs = transfer.far ? lines->machine->far_fs
					   : lines->machine->near_fs;
		if (write) {
			if (line->arrives_fs > now)
				transfer.fs += line->arrives_fs - now;
			line->arrives_fs = now + transfer.fs;
		}
	}
	line->holders = write ? bit : line->holders | bit;
	line->modified = write;
	line->from = code;
	return transfer;
}
