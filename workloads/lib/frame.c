// SPDX-License-Identifier: GPL-2.0-only
#include "frame.h"

#include <string.h>

void put_le16(uint8_t *out, uint16_t value)
{
	out[0] = (uint8_t)value;
	out[1] = (uint8_t)(value >> 8);
}

void put_le32(uint8_t *out, uint32_t value)
{
	put_le16(out, (uint16_t)value);
	put_le16(out + 2, (uint16_t)(value >> 16));
}

void put_le64(uint8_t *out, uint64_t value)
{
	put_le32(out, (uint32_t)value);
	put_le32(out + 4, (uint32_t)(value >> 32));
}

uint32_t crc32c(uint32_t crc, const void *data, size_t length)
{
	// Remainders of the 16 half-bytes under the reflected polynomial
	// 0x82f63b78.  A table of 256 would be twice as fast and 1 KiB; the
	// frames of a whole boot are some hundred kilobytes.
	static const uint32_t table[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
		0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
		0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};
	const uint8_t *byte = data;

	crc = ~crc;
	while (length--) {
		crc ^= *byte++;
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

size_t frame_encode(uint8_t *out, size_t room, enum frame_type type,
		    uint32_t sequence, const struct frame_part *parts,
		    size_t count)
{
	size_t length = 0;

	for (size_t i = 0; i < count; i++) {
		if (parts[i].length > FRAME_MAX_PAYLOAD - length)
			return 0;
		length += parts[i].length;
	}
	if (room < FRAME_HEADER || room - FRAME_HEADER < length)
		return 0;
	put_le32(out, FRAME_MAGIC);
	put_le16(out + 4, (uint16_t)type);
	put_le16(out + 6, 0);
	put_le32(out + 8, sequence);
	put_le32(out + 12, (uint32_t)length);

	uint8_t *payload = out + FRAME_HEADER;

	for (size_t i = 0; i < count; i++) {
		if (parts[i].length)
			memcpy(payload, parts[i].data, parts[i].length);
		payload += parts[i].length;
	}
	uint32_t crc = crc32c(0, out, 16);

	put_le32(out + 16, crc32c(crc, out + FRAME_HEADER, length));
	return FRAME_HEADER + length;
}
