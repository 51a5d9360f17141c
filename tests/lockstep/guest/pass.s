# SPDX-License-Identifier: GPL-2.0-only
# CPUs 0 and 1 hand one line back and forth, COUNT times each.

named:
work:
	cmp	$1, %edi
	ja	3f
	mov	$COUNT, %ecx
	mov	%edi, %edx
	xor	$1, %edx
1:	cmp	%edi, (%rbx)
	jne	1b
	mov	%edx, (%rbx)
	dec	%ecx
	jnz	1b
3:	ret
named_end:
