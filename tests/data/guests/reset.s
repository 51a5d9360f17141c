# SPDX-License-Identifier: GPL-2.0-only
# Takes an exception with no table of handlers: a triple fault.
	.code32
	.globl	_start
multiboot:
	.long	0x1badb002, 0x00010000, -(0x1badb002 + 0x00010000)
	.long	multiboot, 0x100000, 0, 0, _start
_start:
	lidt	nothing
	int3
nothing:
	.word	0
	.long	0
