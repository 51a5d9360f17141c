# SPDX-License-Identifier: GPL-2.0-only
#
# CPU 1 sleeps in HLT while CPU 0 runs 2 * COUNT instructions, is woken by an
# NMI and runs as many itself.

work:
	mov	$COUNT, %ecx
	test	%edi, %edi
	jnz	2f
	jmp	1f
3:	pause				# until CPU 1 is all but asleep
1:	cmpl	$1, (%rbx)
	jne	3b
named:
1:	dec	%ecx
	jnz	1b
	mov	$APIC, %esi
	movl	$1 << 24, 0x310(%rsi)
	movl	$0x4400, 0x300(%rsi)	# NMI
	ret
2:	movl	$1, (%rbx)
	hlt
named_end:
1:	dec	%ecx
	jnz	1b
	ret
