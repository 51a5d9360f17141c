// SPDX-License-Identifier: GPL-2.0-only
#include "insn.h"

#include <stdbool.h>
#include <string.h>

static bool is_prefix(uint8_t byte)
{
	switch (byte) {
	case 0x26:
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
	case 0x66:
	case 0x67:
	case 0xf0:
	case 0xf2:
	case 0xf3:
		return true;
	default:
		return false;
	}
}

static struct insn two_bytes(const uint8_t *at, size_t left)
{
	uint32_t displacement;

	if (left >= 2 && (at[1] == 0xc3 || at[1] == 0xe7 || at[1] == 0x2b))
		return (struct insn){
			.kind = INSN_STREAM}; // movnti, movntdq, movntps
	if (left < 7 || at[1] != 0x1f || at[2] != 0x80)
		return (struct insn){.kind = INSN_PLAIN};
	memcpy(&displacement, at + 3, sizeof(displacement));
	if ((displacement & ~UINT32_C(0xff)) != MARK)
		return (struct insn){.kind = INSN_PLAIN};
	return (struct insn){INSN_MARK, displacement & 0xff};
}

struct insn insn_decode(const uint8_t *bytes, size_t length)
{
	bool lock = false, repeat = false;
	size_t i = 0;

	for (; i < length && is_prefix(bytes[i]); i++) {
		lock |= bytes[i] == 0xf0;
		repeat |= bytes[i] == 0xf3;
	}
	if (i < length && (bytes[i] & 0xf0) == 0x40) // REX
		i++;
	if (i == length)
		return (struct insn){.kind = INSN_PLAIN};
	if (lock)
		return (struct insn){.kind = INSN_ATOMIC};
	switch (bytes[i]) {
	case 0x0f:
		return two_bytes(bytes + i, length - i);
	case 0x50 ... 0x5f: // push, pop of a register
	case 0x68:	    // push of a constant
	case 0x6a:
	case 0xc3: // ret
	case 0xc9: // leave
	case 0xe8: // call
		return (struct insn){.kind = INSN_STACK};
	case 0x86:
	case 0x87:
		return (struct insn){.kind = INSN_ATOMIC};
	case 0x90:
		return (struct insn){.kind = repeat ? INSN_PAUSE : INSN_PLAIN};
	case 0xa4:
	case 0xa5:
	case 0xaa:
	case 0xab:
		return (struct insn){.kind = INSN_STRING};
	case 0xf4:
		return (struct insn){.kind = INSN_HALT};
	default:
		return (struct insn){.kind = INSN_PLAIN};
	}
}
