# SPDX-License-Identifier: GPL-2.0-only
#
# WORKERS CPUs count in words of their own that lie APART bytes apart, COUNT
# times each.  The others wait: HLT with HALT, else PAUSE until all is done;
# with neither they come back.

work:
	cmp	$WORKERS, %edi
	jae	2f
	imul	$APART, %rdi, %rdx
	mov	$COUNT, %ecx
named:
1:	incq	(%rbx,%rdx)
	dec	%ecx
	jnz	1b
named_end:
	ret
2:
	.ifdef	HALT
	cli
	hlt
	jmp	2b
	.endif
	.ifdef	PAUSE
1:	pause
	jmp	1b
	.endif
	ret
