// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/lib/stamp.c workloads/lib/content.c
// Pages as they come back from a swap device that may have spoilt them.
#include <stdalign.h>
#include <stdbool.h>

#include "fuzz.h"
#include "workloads/lib/stamp.h"

enum { PAGE = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static alignas(64) uint8_t page[PAGE], whole[PAGE];

	if (size < 4)
		return 0;
	const struct content content =
		content_make(data[0], PAGE, data[1] % 101, data[2] & 1);
	const struct stamp_id id = {data[3] & 7, data[3] >> 3, data[2] >> 1};
	struct finding finding;

	memset(page, 0, sizeof(page));
	stamp_write(&content, page, &id);
	memcpy(whole, page, sizeof(page));
	data += 4;
	size -= 4;
	// Three bytes each: where, and what is turned there.
	for (; size >= 3; data += 3, size -= 3)
		page[(data[0] | data[1] << 8) % PAGE] ^= data[2];
	const bool same = !memcmp(page, whole, sizeof(page));

	must(stamp_check(&content, page, &id, &finding) == same);
	if (!same) {
		must(finding.offset < PAGE &&
		     page[finding.offset] != whole[finding.offset]);
		must(!memcmp(page, whole, finding.offset));
		must(finding.wrong_bits >= 1 && finding.wrong_bits <= PAGE * 8);
		must(bad_kind_name(finding.kind) != NULL);
	}
	return 0;
}
