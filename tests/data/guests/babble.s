# SPDX-License-Identifier: GPL-2.0-only
# Puts bytes that are no frame on the heartbeat port, then halts.
	.code32
	.globl	_start
multiboot:
	.long	0x1badb002, 0x00010000, -(0x1badb002 + 0x00010000)
	.long	multiboot, 0x100000, 0, 0, _start
_start:
	mov	$100, %ecx
1:	out	%al, $0xe9
	loop	1b
2:	cli
	hlt
	jmp	2b
