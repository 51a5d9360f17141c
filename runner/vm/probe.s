# SPDX-License-Identifier: GPL-2.0-only
#
# The guest that finds out whether an accelerator really runs guests.
#
# A /dev/kvm that opens proves nothing: measured on a host with paravirtual
# nested KVM, a real-mode guest runs to its end and a kernel hangs at the
# entry to protected mode.  So this guest does, in order, what every kernel
# needs, and writes one letter to port 0xe9 after each: paging and long mode,
# an exception, a timer interrupt that wakes a halted CPU, ring 3 and back by
# SYSCALL, a page-table change.  It ends through isa-debug-exit at port 0xf4.
#
# It is a flat multiboot image: any QEMU loads it with -kernel.

	.set	BASE, 0x100000
	.set	TABLES, 0x200000	# PML4, PDPT, PD of 0..1 GiB, PD of 1..2 GiB
	.set	STACK, 0x210000
	.set	WINDOW, 0x40000000	# virtual address of the page that is remapped
	.set	CODE64, 0x08
	.set	USER_DATA, 0x18 | 3
	.set	USER_CODE, 0x20 | 3

	.macro	say letter
	mov	$\letter, %al
	out	%al, $0xe9
	.endm

	.text
	.code32
	.globl	_start
multiboot:
	.long	0x1badb002, 0x00010000, -(0x1badb002 + 0x00010000)
	.long	multiboot, BASE, 0, 0, _start

_start:
	cld
	mov	$STACK, %esp
	say	'P'
	mov	$TABLES, %edi
	mov	$0x4000 / 4, %ecx
	xor	%eax, %eax
	rep stosl
	movl	$TABLES + 0x1000 + 7, TABLES
	movl	$TABLES + 0x2000 + 7, TABLES + 0x1000
	movl	$TABLES + 0x3000 + 7, TABLES + 0x1008
	mov	$TABLES + 0x2000, %edi
	mov	$0x87, %eax		# present, writable, user, 2 MiB
1:	mov	%eax, (%edi)
	add	$8, %edi
	add	$0x200000, %eax
	cmp	$TABLES + 0x3000, %edi
	jb	1b
	mov	$TABLES, %eax
	mov	%eax, %cr3
	mov	%cr4, %eax
	or	$0x20, %eax		# PAE
	mov	%eax, %cr4
	mov	$0xc0000080, %ecx	# EFER: long mode, SYSCALL
	rdmsr
	or	$0x101, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80000001, %eax
	mov	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$CODE64, $long_mode

	.code64
long_mode:
	mov	$0x10, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	say	'L'

	lea	on_breakpoint(%rip), %rax
	mov	$3, %edi
	call	set_gate
	lea	on_timer(%rip), %rax
	mov	$0x20, %edi
	call	set_gate
	lidt	idt_pointer(%rip)
	int3
	cmpl	$1, breakpoints(%rip)
	jne	fail
	say	'E'

	mov	$0x11, %al		# 8259: vectors from 0x20, timer alone
	out	%al, $0x20
	mov	$0x20, %al
	out	%al, $0x21
	mov	$0x04, %al
	out	%al, $0x21
	mov	$0x01, %al
	out	%al, $0x21
	mov	$0xfe, %al
	out	%al, $0x21
	mov	$0x34, %al		# 8254: channel 0, rate generator, 1 kHz
	out	%al, $0x43
	mov	$0xa9, %al
	out	%al, $0x40
	mov	$0x04, %al
	out	%al, $0x40
1:	sti
	hlt
	cli
	cmpl	$3, ticks(%rip)
	jb	1b
	say	'T'

	mov	$0xc0000081, %ecx	# STAR: SYSCALL enters at CODE64
	xor	%eax, %eax
	mov	$CODE64, %edx
	wrmsr
	mov	$0xc0000082, %ecx	# LSTAR
	lea	from_user(%rip), %rax
	xor	%edx, %edx
	wrmsr
	push	$USER_DATA
	push	$STACK - 0x1000
	push	$2			# flags: interrupts off
	push	$USER_CODE
	lea	in_user(%rip), %rax
	push	%rax
	iretq
in_user:
	mov	$0x5a5a, %ebx
	syscall
from_user:
	mov	$STACK, %esp
	cmp	$0x5a5a, %ebx
	jne	fail
	say	'U'

	movl	$0x1234, 0x400000
	movl	$0x5678, 0x600000
	movl	$0x400087, TABLES + 0x3000
	cmpl	$0x1234, WINDOW
	jne	fail
	movl	$0x600087, TABLES + 0x3000
	invlpg	WINDOW
	cmpl	$0x5678, WINDOW
	jne	fail
	mov	%cr3, %rax
	mov	%rax, %cr3
	say	'M'
	mov	$0x10, %al		# QEMU's exit status: 0x10 * 2 + 1
	out	%al, $0xf4
fail:
	cli
	hlt
	jmp	fail

set_gate:				# vector edi -> handler rax (below 4 GiB)
	shl	$4, %edi
	lea	idt(%rip), %rsi
	add	%rdi, %rsi
	mov	%ax, (%rsi)
	movw	$CODE64, 2(%rsi)
	movw	$0x8e00, 4(%rsi)
	shr	$16, %eax
	mov	%ax, 6(%rsi)
	ret

on_breakpoint:
	incl	breakpoints(%rip)
	iretq

on_timer:
	push	%rax
	incl	ticks(%rip)
	mov	$0x20, %al
	out	%al, $0x20
	pop	%rax
	iretq

	.balign	8
gdt:	.quad	0
	.quad	0x00af9b000000ffff	# 0x08 code, ring 0, 64-bit
	.quad	0x00cf93000000ffff	# 0x10 data, ring 0
	.quad	0x00cff3000000ffff	# 0x18 data, ring 3
	.quad	0x00affb000000ffff	# 0x20 code, ring 3, 64-bit
gdt_pointer:
	.word	. - gdt - 1
	.quad	gdt
idt_pointer:
	.word	idt_end - idt - 1
	.quad	idt
breakpoints:
	.long	0
ticks:	.long	0
	.balign	16
idt:	.fill	0x21 * 16, 1, 0
idt_end:
