// SPDX-License-Identifier: GPL-2.0-only
// A small machine of which every key of the format is told, for what is thrown
// at it.
#ifndef TESTS_SOME_MACHINE_H
#define TESTS_SOME_MACHINE_H

static const char some_machine[] =
	"cpus 3\nsocket 2 1\ninstruction_fs 10\n"
	"near_fs 400\nfar_fs 1200\nbyte_fs 1\n"
	"quantum_fs 100\nskew_seed 3\nmost_lines 50\n"
	"range 0xffff888000000000 65536\n"
	"range 0xffffffff81000000 4096\n"
	"leaf 0xffffffff81000000 0xffffffff81000020\n"
	"bulk 0xffffffff81000020 0xffffffff81000040\n"
	"span lock 0xffffffff81000010\n"
	"span irq 0xffffffff81000030\n"
	"peek 0xffff888000000000\n";

#endif
