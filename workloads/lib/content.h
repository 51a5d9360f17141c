// SPDX-License-Identifier: GPL-2.0-only
// The bytes of a page: made from a number, not copied, and each of them known
// again from that number when the page comes back.
//
// A page of `random_chunks` chunks of 128 bytes that do not compress, then
// zeroes.  The kernel hands out zeroed pages and nobody writes to that part,
// so it costs nothing; with no chunk at all a page is a stamp in zeroes.  Or,
// same-filled: one word, again and again, which is
// what zram and zswap look for.
//
// The words of the chunks are eight pairs of counters with a large odd step
// (Weyl sequences): an addition and a store of 16 bytes each, which is as few
// instructions as bytes that all differ can be written with on x86-64 without
// AVX.  Copying them from a pool takes a load in place of the addition.
#ifndef LIB_CONTENT_H
#define LIB_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTENT_CHUNK	   128
#define CONTENT_HEAD_WORDS 4 // of the stamp, at the beginning of a page

struct content {
	uint64_t seed;
	size_t page_size;     // a multiple of the chunk
	size_t random_chunks; // 0 .. page_size / CONTENT_CHUNK
	bool same_filled;
};

// `compressible` is the part, in percent, that compresses to nothing.
struct content content_make(uint64_t seed, size_t page_size,
			    unsigned int compressible, bool same_filled);

// Whether a page is a head and then nothing.
static inline bool content_is_stamp(const struct content *content)
{
	return !content->random_chunks && !content->same_filled;
}

// The head first, then what follows from `key`.
void content_write(const struct content *content, void *page, uint64_t key,
		   const uint64_t head[CONTENT_HEAD_WORDS]);

// True if the page is what content_write made it.
bool content_matches(const struct content *content, const void *page,
		     uint64_t key, const uint64_t head[CONTENT_HEAD_WORDS]);

// Word `index` of such a page; for the one that does not match.
uint64_t content_word(const struct content *content, uint64_t key,
		      const uint64_t head[CONTENT_HEAD_WORDS], size_t index);

void content_fill_same(const struct content *content, void *page,
		       uint64_t word);

// True if the whole page is its first word.
bool content_is_same(const struct content *content, const void *page);

#endif
