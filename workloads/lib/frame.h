// SPDX-License-Identifier: GPL-2.0-only
// Frames from the guest to the host; runner/vm/channel.py reads them.
//
// Little endian: u32 magic "SSF1", u16 type, u16 zero, u32 sequence number,
// u32 payload length, u32 CRC-32C of the 16 bytes before it and the payload.
#ifndef LIB_FRAME_H
#define LIB_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum {
	FRAME_HEADER = 20,
	FRAME_MAX_PAYLOAD = 65536,
};

enum frame_type {
	FRAME_HELLO = 1,     // lines of key, blank, value
	FRAME_HEARTBEAT = 2, // u64 ns of CLOCK_MONOTONIC, u64 pages of progress
	FRAME_EVENT = 3,     // a line
	FRAME_FILE = 4,	     // u8 length of name, name, content to append
	FRAME_ERROR = 5,     // "code: message", the last frame
	FRAME_WORKLOAD = 6,  // "exited N" or "killed N"; " oom" after OOM kills
	FRAME_DONE = 7,	     // nothing, the last frame
};

#define FRAME_MAGIC UINT32_C(0x31465353)

void put_le16(uint8_t *out, uint16_t value);
void put_le32(uint8_t *out, uint32_t value);
void put_le64(uint8_t *out, uint64_t value);

// CRC-32C (Castagnoli) of length bytes; crc is that of the bytes before, or 0.
uint32_t crc32c(uint32_t crc, const void *data, size_t length);

// One part of a payload; parts are laid out one after the other.
struct frame_part {
	const void *data;
	size_t length;
};

// Encodes one frame into out.  Returns its size, or 0 when it does not fit into
// room or the payload is above FRAME_MAX_PAYLOAD.
size_t frame_encode(uint8_t *out, size_t room, enum frame_type type,
		    uint32_t sequence, const struct frame_part *parts,
		    size_t count);

#endif
