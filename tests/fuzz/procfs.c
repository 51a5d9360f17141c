// SPDX-License-Identifier: GPL-2.0-only
// LINK: runner/agent/text.c runner/agent/swap.c runner/agent/fault.c
// LINK: runner/agent/frame.c runner/agent/device.c runner/agent/wait.c
// LINK: runner/agent/job.c
// LINK: workloads/swapstorm/procfs.c workloads/swapstorm/memcg.c
// LINK: workloads/swapstorm/error.c
// SEEDS: tests/fuzz/seeds/procfs tests/data/evidence/contended
// SEEDS: tests/data/evidence/brd-locks
/* What agent and workload read of /proc: vmstat, swaps, mounts, numbers. */
#include "fuzz.h"
#include "runner/agent/swap.h"
#include "runner/agent/text.h"
#include "workloads/swapstorm/memcg.h"
#include "workloads/swapstorm/procfs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = as_text(data, size), root[32];
	struct fault fault;
	uint64_t value;

	text_lookup(text, "pswpout");
	if (!text_number(text, &value))
		must(strspn(text, "0123456789") == strlen(text));
	if (procfs_field(text, "pswpout", &value))
		must(strstr(text, "pswpout") != NULL);
	procfs_sum(text, "allocstall");
	if (memcg_find_root(text, root, sizeof(root)))
		must(strnlen(root, sizeof(root)) < sizeof(root));
	if (!swap_check(text, "/dev/pmem0", 536870912, &fault))
		must(strstr(text, "/dev/pmem0") != NULL);
	free(text);
	return 0;
}
