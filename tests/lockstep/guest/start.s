# SPDX-License-Identifier: GPL-2.0-only
#
# A guest of several CPUs without a kernel, whose work has a known answer.
#
# A test writes a file of three parts: .set CPUS and what its work wants, this
# file, and one of the others here, which defines `work`.  Each CPU calls it
# with its number in %edi, once all are up and have told which they are; %rbx
# is then where its data may lie.  The window is from before the first call to
# after the last CPU is back, as CPU 0 sees them.  DONE is how many come back,
# where not all do; REVERSED has them tell who they are from the last to the
# first; NO_BEGIN and NO_END leave those marks away.
#
# Code and data lie in the upper half of the addresses, at HIGH, where the
# plugin simulates lines.  Interrupts stay off.  It is a flat multiboot image
# and ends through isa-debug-exit at port 0xf4.

	.set	BASE, 0x100000
	.set	HIGH, -0x80000000
	.set	TRAMPOLINE, 0x8000	# where an AP starts, in real mode
	.set	TABLES, 0x200000	# PML4, low PDPT, high PDPT, PD of RAM, PD of the APIC
	.set	STACKS, 0x210000	# a page each
	.set	DATA, HIGH + 0x400000
	.set	APIC, 0xfee00000
	.set	CODE64, 0x08
	.set	SEGMENT, 0x10
	.set	CODE32, 0x18
	.ifndef	DONE
	.set	DONE, CPUS
	.endif

	.macro	mark what
	nopl	0x53574b00 + \what(%rax)
	.endm

	.text
	.code32
	.globl	_start
multiboot:
	.long	0x1badb002, 0x00010000, -(0x1badb002 + 0x00010000)
	.long	multiboot, BASE, 0, 0, _start
	.org	0x20
	.quad	HIGH + named, HIGH + named_end	# what a test tells the plugin of

_start:
	cli
	cld
	mov	$TABLES, %edi
	mov	$0x5000 / 4, %ecx
	xor	%eax, %eax
	rep stosl
	movl	$TABLES + 0x1003, TABLES
	movl	$TABLES + 0x2003, TABLES + 511 * 8
	movl	$TABLES + 0x3003, TABLES + 0x1000
	movl	$TABLES + 0x4003, TABLES + 0x1000 + 3 * 8
	movl	$TABLES + 0x3003, TABLES + 0x2000 + 510 * 8
	movl	$APIC + 0x83, TABLES + 0x4000 + 0x1f7 * 8
	mov	$TABLES + 0x3000, %edi
	mov	$0x83, %eax		# present, writable, 2 MiB
1:	mov	%eax, (%edi)
	add	$8, %edi
	add	$0x200000, %eax
	cmp	$TABLES + 0x4000, %edi
	jb	1b
	mov	$trampoline, %esi
	mov	$TRAMPOLINE, %edi
	mov	$trampoline_end - trampoline, %ecx
	rep movsb

paging:					# every CPU
	mov	$TABLES, %eax
	mov	%eax, %cr3
	mov	%cr4, %eax
	or	$0x20, %eax		# PAE
	mov	%eax, %cr4
	mov	$0xc0000080, %ecx	# EFER: long mode
	rdmsr
	or	$0x100, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80000001, %eax
	mov	%eax, %cr0
	lgdt	gdt_pointer
	ljmp	$CODE64, $long_mode

	.code16
trampoline:
	cli
	lgdtl	%cs:gdt_pointer_here - trampoline
	mov	%cr0, %eax
	or	$1, %eax
	mov	%eax, %cr0
	ljmpl	$CODE32, $protected
gdt_pointer_here:
	.word	gdt_pointer - gdt - 1
	.long	gdt
trampoline_end:

	.code32
protected:
	mov	$SEGMENT, %eax
	mov	%eax, %ds
	jmp	paging

	.code64
long_mode:
	lea	high(%rip), %rax
	add	$HIGH, %rax
	jmp	*%rax
high:
	mov	$SEGMENT, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	lidt	idt_pointer(%rip)
	mov	$1, %eax
	cpuid
	shr	$24, %ebx		# the APIC's number
	mov	%ebx, %edi
	mov	%ebx, %eax
	shl	$12, %eax
	lea	HIGH + STACKS + 0x1000(%rax), %rsp
	lock incl up(%rip)
	test	%edi, %edi
	jnz	2f

	mov	$APIC, %esi		# CPU 0 starts the others, one by one
	mov	$1, %ecx
1:	cmp	$CPUS, %ecx
	je	2f
	mov	%ecx, %edx
	shl	$24, %edx
	mov	%edx, 0x310(%rsi)
	movl	$0x4500, 0x300(%rsi)	# INIT
	mov	%edx, 0x310(%rsi)
	movl	$0x4600 + TRAMPOLINE / 0x1000, 0x300(%rsi)
	inc	%ecx
3:	pause
	cmp	%ecx, up(%rip)
	jb	3b
	jmp	1b

2:	mov	%edi, %eax
	.ifdef	REVERSED
	mov	$CPUS - 1, %eax
	sub	%edi, %eax
	.endif
	jmp	2f
1:	pause
2:	cmp	%eax, turn(%rip)
	jne	1b
	mark	2
	lock incl turn(%rip)
	jmp	2f
1:	pause
2:	cmpl	$CPUS, turn(%rip)
	jne	1b

	test	%edi, %edi
	jnz	2f
	.ifndef	NO_BEGIN
	mark	0
	.endif
	movl	$1, go(%rip)
	jmp	2f
1:	pause
2:	cmpl	$1, go(%rip)
	jne	1b
	mov	$DATA, %rbx
	push	%rdi
	call	work
	pop	%rdi
	lock incl done(%rip)
	test	%edi, %edi
	jnz	halt
	jmp	2f
1:	pause
2:	cmpl	$DONE, done(%rip)
	jb	1b
	.ifndef	NO_END
	mark	1
	.endif
	mov	$0x10, %al		# QEMU's exit status: 0x10 * 2 + 1
	out	%al, $0xf4
halt:
	cli
	hlt
	jmp	halt

on_nmi:
	iretq

	.balign	64
gdt:	.quad	0
	.quad	0x00af9b000000ffff	# 0x08 code, 64-bit
	.quad	0x00cf93000000ffff	# 0x10 data
	.quad	0x00cf9b000000ffff	# 0x18 code, 32-bit
gdt_pointer:
	.word	gdt_pointer - gdt - 1
	.quad	gdt
idt_pointer:
	.word	3 * 16 - 1
	.quad	HIGH + idt
	.balign	16
idt:	.quad	0, 0, 0, 0
	.word	on_nmi - multiboot, CODE64, 0x8e00, 0x8010	# BASE is 0x100000
	.quad	0xffffffff
	.balign	64
up:	.long	0
	.balign	64
turn:	.long	0
	.balign	64
go:	.long	0
	.balign	64
done:	.long	0
	.balign	64
