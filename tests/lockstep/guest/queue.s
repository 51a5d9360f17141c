# SPDX-License-Identifier: GPL-2.0-only
#
# All CPUs at one queued spinlock (Mellor-Crummey and Scott's), COUNT times
# each.  Who holds it runs 2 * HOLD instructions.

	.set	NEXT, 0			# of a CPU's node, which fills a line
	.set	LOCKED, 8

work:
	lea	64(%rdi), %rdx
	shl	$6, %rdx
	add	%rbx, %rdx		# our node
	mov	$COUNT, %ecx
1:	mov	%rbx, %rdi
	call	named
	mov	$HOLD, %eax
2:	dec	%eax
	jnz	2b
	cmpq	$0, NEXT(%rdx)		# unlock
	jne	4f
	mov	%rdx, %rax
	xor	%esi, %esi
	lock cmpxchg %rsi, (%rbx)
	je	5f
3:	pause
	cmpq	$0, NEXT(%rdx)
	je	3b
4:	mov	NEXT(%rdx), %rsi
	movl	$0, LOCKED(%rsi)
5:	dec	%ecx
	jnz	1b
	ret

named:					# lock %rdi, with our node in %rdx
	movq	$0, NEXT(%rdx)
	movl	$1, LOCKED(%rdx)
	mov	%rdx, %rsi
	xchg	%rsi, (%rdi)
	test	%rsi, %rsi
	jz	2f
	mov	%rdx, NEXT(%rsi)
	jmp	1f
3:	pause
1:	cmpl	$0, LOCKED(%rdx)
	jne	3b
2:	ret
named_end:
