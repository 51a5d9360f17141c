// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "content.h"

typedef uint64_t pair __attribute__((vector_size(16), may_alias));

#define PAIRS	    8
#define CHUNK_WORDS (CONTENT_CHUNK / sizeof(uint64_t))

_Static_assert(PAIRS * sizeof(pair) == CONTENT_CHUNK, "a chunk is its pairs");

// Digits of pi; every step is odd, so that a counter meets every number.
static const pair STEP = {0x243f6a8885a308d3u, 0x13198a2e03707345u};
static const pair START[PAIRS] = {
	{0xa4093822299f31d0u, 0x082efa98ec4e6c89u},
	{0x452821e638d01377u, 0xbe5466cf34e90c6cu},
	{0xc0ac29b7c97c50ddu, 0x3f84d5b5b5470917u},
	{0x9216d5d98979fb1bu, 0xd1310ba698dfb5acu},
	{0x2ffd72dbd01adfb7u, 0xb8e1afed6a267e96u},
	{0xba7c9045f12c7f99u, 0x24a19947b3916cf7u},
	{0x0801f2e2858efc16u, 0x636920d871574e69u},
	{0xa458fea3f4933d7eu, 0x0d95748f728eb658u},
};

static pair key_pair(uint64_t key)
{
	return (pair){key, ((key << 32) | (key >> 32)) ^ 0x718bcd5882154aeeu};
}

struct content content_make(uint64_t seed, size_t page_size,
			    unsigned int compressible, bool same_filled)
{
	size_t chunks = page_size / CONTENT_CHUNK;

	return (struct content){
		.seed = seed,
		.page_size = page_size,
		.random_chunks = (chunks * (100 - compressible) + 99) / 100,
		.same_filled = same_filled,
	};
}

// Named, not an array, so that each lives in a register of its own.
#define EACH_PAIR(do) \
	do            \
	(0) do(1) do(2) do(3) do(4) do(5) do(6) do(7)
#define BEGIN(i) pair p##i = key_pair(key) + START[i];
#define STORE(i)      \
	to[i] = p##i; \
	p##i += STEP;
#define CHECK(i)                 \
	wrong |= from[i] ^ p##i; \
	p##i += STEP;

void content_write(const struct content *content, void *page, uint64_t key,
		   const uint64_t head[CONTENT_HEAD_WORDS])
{
	pair *to = page;
	const pair *end = to + content->random_chunks * PAIRS;

	EACH_PAIR(BEGIN)
#pragma GCC unroll 4
	for (; to != end; to += PAIRS) {
		EACH_PAIR(STORE)
	}
	memcpy(page, head, CONTENT_HEAD_WORDS * sizeof(*head));
}

static bool is_zero(const pair *from, const pair *last)
{
	pair wrong = {0, 0};

#pragma GCC unroll 16
	for (; from < last; from++)
		wrong |= *from;
	return !(wrong[0] | wrong[1]);
}

static bool chunks_match(const pair *from, const pair *end, uint64_t key)
{
	pair wrong = {0, 0};

	EACH_PAIR(BEGIN)
	// The first two pairs are the head.
	wrong |= (from[2] ^ p2) | (from[3] ^ p3) | (from[4] ^ p4) |
		 (from[5] ^ p5) | (from[6] ^ p6) | (from[7] ^ p7);
#define SKIP(i) p##i += STEP;
	EACH_PAIR(SKIP)
	for (from += PAIRS; from < end; from += PAIRS) {
		EACH_PAIR(CHECK)
	}
	return !(wrong[0] | wrong[1]);
}

bool content_matches(const struct content *content, const void *page,
		     uint64_t key, const uint64_t head[CONTENT_HEAD_WORDS])
{
	const size_t head_bytes = CONTENT_HEAD_WORDS * sizeof(*head);
	const pair *from = page;
	const pair *end = from + content->random_chunks * PAIRS;
	const pair *last = from + content->page_size / sizeof(pair);

	if (memcmp(page, head, head_bytes) != 0)
		return false;
	if (content_is_stamp(content))
		return is_zero(from + head_bytes / sizeof(pair), last);
	return chunks_match(from, end, key) && is_zero(end, last);
}

uint64_t content_word(const struct content *content, uint64_t key,
		      const uint64_t head[CONTENT_HEAD_WORDS], size_t index)
{
	size_t chunk = index / CHUNK_WORDS;
	size_t half = index % 2;

	if (index < CONTENT_HEAD_WORDS)
		return head[index];
	if (chunk >= content->random_chunks)
		return 0;
	return key_pair(key)[half] + START[index % CHUNK_WORDS / 2][half] +
	       chunk * STEP[half];
}

void content_fill_same(const struct content *content, void *page, uint64_t word)
{
	pair *to = page;
	const pair *end = to + content->page_size / sizeof(pair);
	const pair both = {word, word};

#pragma GCC unroll 16
	for (; to != end; to++)
		*to = both;
}

bool content_is_same(const struct content *content, const void *page)
{
	const unsigned char *bytes = page;

	return !memcmp(bytes, bytes + sizeof(uint64_t),
		       content->page_size - sizeof(uint64_t));
}
