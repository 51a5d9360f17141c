// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/lib/text.c workloads/lib/swap.c workloads/lib/error.c
// LINK: workloads/lib/frame.c workloads/lib/device.c workloads/lib/wait.c
// LINK: workloads/lib/procfs.c workloads/lib/memcg.c
// SEEDS: tests/fuzz/seeds/procfs tests/data/evidence/contended
// SEEDS: tests/data/evidence/brd-locks
// What agent and workload read of /proc: vmstat, swaps, mounts, numbers.
#include "fuzz.h"
#include "workloads/lib/swap.h"
#include "workloads/lib/text.h"
#include "workloads/lib/memcg.h"
#include "workloads/lib/procfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = as_text(data, size), root[32];
	const struct swap_area area = {"/dev/pmem0", 536870912, 5};
	struct error fault;
	uint64_t value;

	procfs_number(text, "pswpout");
	if (!text_number(text, &value))
		must(strspn(text, "0123456789") == strlen(text));
	if (procfs_field(text, "pswpout", &value))
		must(strstr(text, "pswpout") != NULL);
	procfs_sum(text, "allocstall");
	if (memcg_find_root(text, root, sizeof(root)))
		must(strnlen(root, sizeof(root)) < sizeof(root));
	if (!swap_check(text, &area, 1, &fault))
		must(strstr(text, "/dev/pmem0") != NULL);
	free(text);
	return 0;
}
