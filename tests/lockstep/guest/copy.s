# SPDX-License-Identifier: GPL-2.0-only
# CPU 0 copies COUNT pages, each to another place than the last.

work:
	mov	$COUNT, %edx
	mov	%rbx, %rsi
	lea	0x1000000(%rbx), %rdi
1:	mov	$512, %ecx
named:	rep movsq
named_end:
	dec	%edx
	jnz	1b
	ret
