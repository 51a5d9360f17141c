// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/lib/swap.c workloads/lib/frame.c
// LINK: workloads/lib/text.c workloads/lib/error.c

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "workloads/lib/swap.h"

#define MIB (UINT64_C(1) << 20)

static uint32_t le32(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

// Offsets of union swap_header in the kernel's include/linux/swap.h.
static void test_header(void **state)
{
	uint8_t page[SWAP_PAGE];

	(void)state;
	memset(page, 0xff, sizeof(page));
	swap_header(page, 512 * MIB);
	assert_memory_equal(page + 4086, "SWAPSPACE2", 10);
	assert_int_equal(le32(page + 1024), 1);
	assert_int_equal(le32(page + 1028), 131071);
	assert_int_equal(le32(page + 1032), 0);
	assert_string_equal((char *)page + 1052, "swapscale");
	for (int i = 0; i < 1024; i++)
		assert_int_equal(page[i], 0);
	for (int i = 1068; i < 4086; i++)
		assert_int_equal(page[i], 0);
}

static void test_largest(void **state)
{
	uint8_t page[SWAP_PAGE];

	(void)state;
	swap_header(page, UINT64_C(4096) * UINT32_MAX);
	assert_int_equal(le32(page + 1028), UINT32_MAX - 1);
}

#define HEAD "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
#define PMEM \
	"/dev/pmem0                              partition\t524284\t0\t-2\n"

static void test_check(void **state)
{
	static const struct {
		const char *swaps, *says; // NULL: good
	} cases[] = {
		{HEAD PMEM, NULL},
		{HEAD, "/proc/swaps does not name /dev/pmem0"},
		{"", "/proc/swaps does not name /dev/pmem0"},
		{HEAD "/dev/ram0 partition 524284 0 -2\n",
		 "/proc/swaps does not name /dev/pmem0"},
		{HEAD "/dev/pmem0 partition lots 0 -2\n",
		 "/proc/swaps does not name /dev/pmem0"},
		{HEAD "/dev/pmem0 partition 524280 0 -2\n",
		 "/dev/pmem0: 524284 KiB wanted, the kernel uses 524280"},
		{HEAD PMEM "/dev/ram0 partition 100 0 -3\n",
		 "/proc/swaps names more than /dev/pmem0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error fault;
		const struct swap_area area = {"/dev/pmem0", 512 * MIB,
					       SWAP_KERNELS_PRIORITY};
		int result = swap_check(cases[i].swaps, &area, 1, &fault);

		assert_int_equal(result, cases[i].says ? -1 : 0);
		if (!cases[i].says)
			continue;
		assert_string_equal(fault.code, "swapon");
		assert_string_equal(fault.line, cases[i].says);
	}
}

static void test_check_of_several(void **state)
{
	static const struct swap_area areas[] = {
		{"/dev/pmem0", 512 * MIB, SWAP_KERNELS_PRIORITY},
		{"/dev/zram0", 64 * MIB, 100},
	};
	static const struct {
		const char *zram, *says; // NULL: good
	} cases[] = {
		{"/dev/zram0 partition 65532 0 100\n", NULL},
		{"", "/proc/swaps does not name /dev/zram0"},
		{"/dev/zram0 partition 65532 0 99\n",
		 "/dev/zram0: priority 100 asked for, the kernel gave it 99"},
		{"/dev/zram0 partition 65532 0 -100\n",
		 "/dev/zram0: priority 100 asked for, the kernel gave it -100"},
		{"/dev/zram0 partition 65532 0 1x\n",
		 "/proc/swaps does not name /dev/zram0"},
		{"/dev/zram0 partition 65532 0 100\n/dev/ram0 partition 8 0 "
		 "1\n",
		 "/proc/swaps names more than what was switched on"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error fault;
		char swaps[512];

		snprintf(swaps, sizeof(swaps), "%s%s", HEAD PMEM,
			 cases[i].zram);
		int result = swap_check(swaps, areas, 2, &fault);

		assert_int_equal(result, cases[i].says ? -1 : 0);
		if (cases[i].says)
			assert_string_equal(fault.line, cases[i].says);
	}
	struct error fault;

	assert_int_equal(swap_check(HEAD "/dev/pmem0 partition 524284 0 5\n",
				    areas, 1, &fault),
			 -1);
	assert_string_equal(
		fault.line,
		"/dev/pmem0: priority -1 asked for, the kernel gave it 5");
}

static void test_flags_of_swapon(void **state)
{
	(void)state;
	assert_int_equal(swap_flags(SWAP_KERNELS_PRIORITY), 0);
	assert_int_equal(swap_flags(0), 0x8000);
	assert_int_equal(swap_flags(100), 0x8064);
	assert_int_equal(swap_flags(32767), 0xffff);
}

static void test_first_swap(void **state)
{
	static const char two[] =
		HEAD "/dev/pmem0   partition\t524284\t\t4096\t\t-2\n"
		     "/dev/pmem1   partition\t524284\t\t8\t\t-3\n";
	char path[16];
	uint64_t kib = 0, used = 0;

	(void)state;
	assert_false(swap_first(HEAD, path, sizeof(path), &kib, &used));
	assert_true(swap_first(two, path, sizeof(path), &kib, &used));
	assert_string_equal(path, "/dev/pmem0");
	assert_int_equal(kib, 524284);
	assert_int_equal(used, 4096);
	assert_false(swap_first(two, path, 5, &kib, &used));
	assert_false(swap_first(HEAD "/dev/pmem0 partition 5 -1 0\n", path,
				sizeof(path), &kib, &used));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_header),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_check_of_several),
		cmocka_unit_test(test_flags_of_swapon),
		cmocka_unit_test(test_first_swap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
