// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/lib/number.c workloads/swapstorm/list.c
// LINK: workloads/lib/error.c
// SEEDS: tests/fuzz/seeds/numbers
// Numbers, sizes and lists as people write them.
#include "fuzz.h"
#include "workloads/swapstorm/list.h"
#include "workloads/lib/number.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = as_text(data, size);
	struct error error;
	struct list list;
	uint64_t value;

	if (!number_range("-x", text, 3, 77, &value, &error))
		must(value >= 3 && value <= 77);
	if (!number_size("-x", text, &value, &error))
		must(value >= 1 && value <= UINT64_C(64) << 40);
	if (!number_decimal("-x", text, 100, &value, &error))
		must(value >= 1 && value <= 100000000);
	if (!list_parse("-x", text, &list, &error)) {
		must(list.count >= 1 && list.count <= LIST_LIMIT);
		for (unsigned int i = 0; i < list.count; i++)
			must(list.numbers[i] < LIST_LIMIT);
	}
	free(text);
	return 0;
}
