# SPDX-License-Identifier: GPL-2.0-only
# Every CPU writes the same COUNT lines, CPU 0 first.

named:
work:
	jmp	2f
1:	pause
2:	cmp	%edi, (%rbx)
	jne	1b
	lea	64(%rbx), %rdx
	mov	$COUNT, %ecx
1:	mov	%rdx, (%rdx)
	add	$64, %rdx
	dec	%ecx
	jnz	1b
	incl	(%rbx)
	ret
named_end:
