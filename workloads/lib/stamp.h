// SPDX-License-Identifier: GPL-2.0-only
// What is in a page: a stamp that says whose page it is, then content that
// follows from it (content.h).  Every byte follows from (seed, thread, page,
// generation), so every byte can be checked when the page comes back.
//
// A same-filled page has no room for a stamp.  Its word is the three numbers,
// encrypted, so that they can be read back from a page that is not ours.
#ifndef LIB_STAMP_H
#define LIB_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "content.h"
#include "random.h"

#define STAMP_MAGIC 0x4b4e4953u
#define STAMP_BYTES 32

// At the beginning of a page: a kernel that looks for pages which are zero or
// same-filled throughout (swap_zeromap, zswap, zram) is done with its first
// words then, and takes as long over ours as over a page of any content.
struct stamp {
	uint32_t magic;
	uint32_t thread;
	uint64_t page;
	uint64_t generation;
	uint64_t checksum; // of seed, thread, page and generation
};

_Static_assert(sizeof(struct stamp) == STAMP_BYTES, "no padding in a stamp");

struct stamp_id {
	uint32_t thread;
	uint64_t page;
	uint64_t generation;
};

enum bad_kind {
	BAD_LOST,    // all zeroes: the content was dropped
	BAD_STALE,   // another generation of the same page
	BAD_FOREIGN, // a page of another thread or place
	BAD_CORRUPT, // anything else: bytes that nobody wrote
};

struct finding {
	enum bad_kind kind;
	uint32_t offset;     // of the first wrong byte in the page
	uint32_t wrong_bits; // in the whole page
	unsigned char expected_byte;
	unsigned char found_byte;
	struct stamp_id expected;
	struct stamp_id found; // with BAD_STALE and BAD_FOREIGN only
};

// Each step maps its input one to one, so two stamps that differ in one field
// only never share a checksum: a flipped bit in a stamp cannot pass for another
// page's stamp.
static inline uint64_t stamp_key(uint64_t seed, uint32_t thread)
{
	return random_mix(random_mix(seed + RANDOM_STEP) ^ thread);
}

// `key` is the thread's.
static inline struct stamp stamp_make(uint64_t key, const struct stamp_id *id)
{
	uint64_t turned = id->generation << 32 | id->generation >> 32;

	return (struct stamp){
		.magic = STAMP_MAGIC,
		.thread = id->thread,
		.page = id->page,
		.generation = id->generation,
		.checksum = random_mix(key ^ id->page ^ turned),
	};
}

void stamp_write(const struct content *content, void *page,
		 const struct stamp_id *id);

// The same where the thread's key is at hand.
void stamp_write_keyed(const struct content *content, void *page, uint64_t key,
		       const struct stamp_id *id);

// True if every byte is as stamp_write left it; else `finding` says what.
bool stamp_check(const struct content *content, const void *page,
		 const struct stamp_id *id, struct finding *finding);

// What is enough to tell whose page it is: its stamp, and nothing behind it.
bool stamp_is(const struct content *content, const void *page,
	      const struct stamp_id *id);

const char *bad_kind_name(enum bad_kind kind);

#endif
