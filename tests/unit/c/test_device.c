// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/lib/device.c workloads/lib/text.c workloads/lib/wait.c
// LINK: workloads/lib/error.c

// Devices as /sys shows them, in trees laid out as those of 6.1 and 4.4.
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "workloads/lib/device.h"

#define MIB (UINT64_C(1) << 20)

static char sys[] = "/tmp/agent-sys-XXXXXX";
static struct error fault;

// Runs a shell command in the tree.
static void shell(const char *command)
{
	char line[1024];

	snprintf(line, sizeof(line), "set -e; cd %s; %s", sys, command);
	assert_int_equal(system(line), 0);
}

static int set_up(void **state)
{
	(void)state;
	if (!access(sys, F_OK))
		shell("rm -rf class devices");
	else if (!mkdtemp(sys))
		return -1;
	shell("mkdir -p class/block");
	return 0;
}

static int tear_down(void **state)
{
	char line[64];

	(void)state;
	snprintf(line, sizeof(line), "rm -rf %s", sys);
	return system(line);
}

static void add_pmem(const char *name, const char *provider, uint64_t mib)
{
	char line[512];

	snprintf(line, sizeof(line),
		 "b=devices/acpi/ndbus0; d=$b/region0/namespace0.0/block/%s; "
		 "mkdir -p $d; echo %s > $b/provider; "
		 "echo %" PRIu64 " > $d/size; ln -s ../../$d class/block/%s",
		 name, provider, mib * 2048, name);
	shell(line);
}

static int find(struct device *device, enum device_kind kind, uint64_t mib)
{
	const struct device_wanted wanted = {
		.kind = kind, .number = DEVICE_ALONE, .bytes = mib * MIB};

	return device_find(device, sys, &wanted, 0, &fault);
}

static void test_nfit(void **state)
{
	struct device device;

	(void)state;
	add_pmem("pmem0", "ACPI.NFIT", 512);
	assert_int_equal(find(&device, DEVICE_PMEM, 512), 0);
	assert_string_equal(device.path, "/dev/pmem0");
	assert_string_equal(device.driver, "ACPI.NFIT");
	assert_int_equal(device.bytes, 512 * MIB);
	assert_int_equal(find(&device, DEVICE_PMEM_LEGACY, 512), -1);
	assert_string_equal(fault.code, "device-wrong");
	assert_string_equal(fault.line, "/dev/pmem0 is provided by ACPI.NFIT, "
					"pmem-legacy asks for e820");
}

static void test_name_of_4_4(void **state)
{
	struct device device;

	(void)state;
	add_pmem("pmem0m", "e820", 512);
	assert_int_equal(find(&device, DEVICE_PMEM_LEGACY, 256), 0);
	assert_string_equal(device.path, "/dev/pmem0m");
}

static void test_too_small(void **state)
{
	struct device device;

	(void)state;
	add_pmem("pmem0", "ACPI.NFIT", 512);
	assert_int_equal(find(&device, DEVICE_PMEM, 513), -1);
	assert_string_equal(fault.code, "device-too-small");
	assert_string_equal(fault.line, "/dev/pmem0: 537919488 bytes asked "
					"for, 536870912 found");
}

static void test_missing(void **state)
{
	struct device device;

	(void)state;
	shell("mkdir -p devices/virtual/block/ram1; "
	      "ln -s ../../devices/virtual/block/ram1 class/block/ram1");
	assert_int_equal(find(&device, DEVICE_PMEM, 1), -1);
	assert_string_equal(fault.code, "device-missing");
	assert_int_equal(find(&device, DEVICE_BRD, 1), -1);
	assert_string_equal(fault.code, "device-missing");
}

static void test_two(void **state)
{
	struct device device;

	(void)state;
	add_pmem("pmem0", "ACPI.NFIT", 512);
	add_pmem("pmem1", "ACPI.NFIT", 512);
	assert_int_equal(find(&device, DEVICE_PMEM, 512), -1);
	assert_string_equal(fault.code, "device-wrong");
	assert_string_equal(fault.line,
			    "2 block devices could be the pmem one");
}

// Each of several by its number.
static void test_second_of_two(void **state)
{
	struct device_wanted wanted = {.kind = DEVICE_PMEM, .bytes = 256 * MIB};
	struct device device;

	(void)state;
	add_pmem("pmem0", "ACPI.NFIT", 512);
	add_pmem("pmem1m", "ACPI.NFIT", 256);
	add_pmem("pmem10", "ACPI.NFIT", 128);
	assert_int_equal(device_find(&device, sys, &wanted, 0, &fault), 0);
	assert_string_equal(device.path, "/dev/pmem0");
	wanted.number = 1;
	assert_int_equal(device_find(&device, sys, &wanted, 0, &fault), 0);
	assert_string_equal(device.path, "/dev/pmem1m");
	wanted.number = 2;
	assert_int_equal(device_find(&device, sys, &wanted, 0, &fault), -1);
	assert_string_equal(fault.code, "device-missing");
	wanted = (struct device_wanted){DEVICE_ZRAM, 1, 4 * MIB};
	shell("for i in 0 1; do mkdir -p devices/virtual/block/zram$i; "
	      "echo 8192 > devices/virtual/block/zram$i/size; "
	      "echo 0 > devices/virtual/block/zram$i/disksize; "
	      "ln -s ../../devices/virtual/block/zram$i class/block/zram$i; "
	      "done");
	assert_int_equal(device_find(&device, sys, &wanted, 0, &fault), 0);
	assert_string_equal(device.path, "/dev/zram1");
	shell("grep -qx 4194304 class/block/zram1/disksize && "
	      "grep -qx 0 class/block/zram0/disksize");
}

static void test_partition_is_no_device(void **state)
{
	struct device device;

	(void)state;
	add_pmem("pmem0", "ACPI.NFIT", 512);
	add_pmem("pmem0p1", "ACPI.NFIT", 100);
	shell("echo 1 > class/block/pmem0p1/partition");
	assert_int_equal(find(&device, DEVICE_PMEM, 512), 0);
	assert_string_equal(device.path, "/dev/pmem0");
}

static void test_brd(void **state)
{
	struct device device;

	(void)state;
	shell("mkdir -p devices/virtual/block/ram0; "
	      "echo 8192 > devices/virtual/block/ram0/size; "
	      "ln -s ../../devices/virtual/block/ram0 class/block/ram0");
	assert_int_equal(find(&device, DEVICE_BRD, 4), 0);
	assert_string_equal(device.path, "/dev/ram0");
	assert_string_equal(device.driver, "brd");
}

static void add_disk(const char *place, const char *name)
{
	char line[512];

	snprintf(line, sizeof(line),
		 "mkdir -p devices/%s/%s; echo 8192 > devices/%s/%s/size; "
		 "ln -s ../../devices/%s/%s class/block/%s",
		 place, name, place, name, place, name, name);
	shell(line);
}

static void test_zram_is_given_its_size(void **state)
{
	struct device device;

	(void)state;
	add_disk("virtual/block", "zram0");
	assert_int_equal(find(&device, DEVICE_ZRAM, 4), -1);
	assert_string_equal(fault.code, "device-wrong");
	assert_non_null(strstr(fault.line, "zram0/disksize: 4194304: No such"));
	shell("echo 0 > class/block/zram0/disksize");
	assert_int_equal(find(&device, DEVICE_ZRAM, 4), 0);
	assert_string_equal(device.driver, "zram");
	shell("grep -qx 4194304 class/block/zram0/disksize");
}

static void test_disks_of_the_host(void **state)
{
	struct device device;

	(void)state;
	add_disk("pci0000:00/0000:00:04.0/virtio1/block", "vda");
	add_disk("pci0000:00/0000:00:05.0/nvme/nvme0", "nvme0n1");
	assert_int_equal(find(&device, DEVICE_VIRTIO_BLK, 4), 0);
	assert_string_equal(device.path, "/dev/vda");
	assert_string_equal(device.driver, "virtio_blk");
	assert_int_equal(find(&device, DEVICE_NVME, 4), 0);
	assert_string_equal(device.path, "/dev/nvme0n1");
	assert_string_equal(device.driver, "nvme");
	assert_int_equal(find(&device, DEVICE_NVME, 5), -1);
	assert_string_equal(fault.code, "device-too-small");
}

static void test_unknown_provider(void **state)
{
	struct device device;

	(void)state;
	shell("mkdir -p devices/odd/pmem0; "
	      "ln -s ../../devices/odd/pmem0 class/block/pmem0");
	assert_int_equal(find(&device, DEVICE_PMEM, 1), -1);
	assert_string_equal(fault.line, "/dev/pmem0 is provided by unknown, "
					"pmem asks for ACPI.NFIT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_nfit, set_up),
		cmocka_unit_test_setup(test_name_of_4_4, set_up),
		cmocka_unit_test_setup(test_too_small, set_up),
		cmocka_unit_test_setup(test_missing, set_up),
		cmocka_unit_test_setup(test_two, set_up),
		cmocka_unit_test_setup(test_second_of_two, set_up),
		cmocka_unit_test_setup(test_partition_is_no_device, set_up),
		cmocka_unit_test_setup(test_brd, set_up),
		cmocka_unit_test_setup(test_zram_is_given_its_size, set_up),
		cmocka_unit_test_setup(test_disks_of_the_host, set_up),
		cmocka_unit_test_setup(test_unknown_provider, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, tear_down);
}
