# SPDX-License-Identifier: GPL-2.0-only
# Writes to the heartbeat port without end.
	.code32
	.globl	_start
multiboot:
	.long	0x1badb002, 0x00010000, -(0x1badb002 + 0x00010000)
	.long	multiboot, 0x100000, 0, 0, _start
_start:
1:	out	%al, $0xe9
	jmp	1b
