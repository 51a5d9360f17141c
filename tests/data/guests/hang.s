# SPDX-License-Identifier: GPL-2.0-only
# Says one line on the serial port and halts for ever.
	.code32
	.globl	_start
multiboot:
	.long	0x1badb002, 0x00010000, -(0x1badb002 + 0x00010000)
	.long	multiboot, 0x100000, 0, 0, _start
_start:
	mov	$text, %esi
	mov	$0x3f8, %edx
1:	lodsb
	test	%al, %al
	jz	2f
	out	%al, %dx
	jmp	1b
2:	cli
	hlt
	jmp	2b
text:	.asciz	"about to \033[31mhang\r\n"
