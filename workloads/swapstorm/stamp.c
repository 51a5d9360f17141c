// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "stamp.h"

#define POOL_STARTS ((uint64_t)1 << 20) /* bytes content may begin at */
#define POOL_ALIGN  16 /* a content's copy stays aligned for SSE */

struct stamp {
	uint32_t magic;
	uint32_t thread;
	uint64_t page;
	uint64_t generation;
	uint64_t checksum; /* hash of seed, thread, page and generation */
};

_Static_assert(sizeof(struct stamp) == STAMP_BYTES, "no padding in a stamp");

/* The finaliser of splitmix64: different numbers give different numbers. */
static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/*
 * Each step maps its input one to one, so two stamps that differ in one field
 * only never share a hash: a flipped bit in a stamp cannot pass for another
 * page's stamp.
 */
static uint64_t id_hash(uint64_t seed, const struct stamp_id *id)
{
	uint64_t hash = mix(seed + 0x9e3779b97f4a7c15u);

	hash = mix(hash ^ id->thread);
	hash = mix(hash ^ id->page);
	return mix(hash ^ id->generation);
}

static const unsigned char *content(const struct pool *pool, uint64_t hash)
{
	return pool->bytes +
	       ((hash >> 32) & (POOL_STARTS - 1) & ~(uint64_t)(POOL_ALIGN - 1));
}

static struct stamp make_stamp(const struct stamp_id *id, uint64_t hash)
{
	return (struct stamp){
		.magic = STAMP_MAGIC,
		.thread = id->thread,
		.page = id->page,
		.generation = id->generation,
		.checksum = hash,
	};
}

size_t pool_bytes(size_t page_size)
{
	return POOL_STARTS + page_size;
}

void pool_fill(unsigned char *bytes, size_t length, uint64_t seed)
{
	uint64_t state = mix(seed);

	for (size_t i = 0; i < length; i += sizeof(state)) {
		size_t left = length - i;
		uint64_t word;

		state += 0x9e3779b97f4a7c15u;
		word = mix(state);
		memcpy(bytes + i, &word,
		       left < sizeof(word) ? left : sizeof(word));
	}
}

void stamp_write(const struct pool *pool, void *page, const struct stamp_id *id)
{
	uint64_t hash = id_hash(pool->seed, id);
	struct stamp stamp = make_stamp(id, hash);

	memcpy(page, &stamp, sizeof(stamp));
	memcpy((unsigned char *)page + sizeof(stamp), content(pool, hash),
	       pool->page_size - sizeof(stamp));
}

static bool all_zero(const unsigned char *bytes, size_t length)
{
	return bytes[0] == 0 && !memcmp(bytes, bytes + 1, length - 1);
}

/* The place of the first wrong byte, what it is, and how many bits are wrong */
static void compare(const unsigned char *found, const unsigned char *expected,
		    size_t length, uint32_t base, struct finding *finding)
{
	for (size_t i = 0; i < length; i++) {
		unsigned int wrong = found[i] ^ expected[i];

		if (!wrong)
			continue;
		if (finding->wrong_bits == 0) {
			finding->offset = base + (uint32_t)i;
			finding->expected_byte = expected[i];
			finding->found_byte = found[i];
		}
		finding->wrong_bits += (uint32_t)__builtin_popcount(wrong);
	}
}

static enum bad_kind classify(const struct pool *pool,
			      const unsigned char *page,
			      const struct stamp_id *id, struct stamp_id *owner)
{
	struct stamp found;

	if (all_zero(page, pool->page_size))
		return BAD_LOST;
	memcpy(&found, page, sizeof(found));
	*owner = (struct stamp_id){
		.thread = found.thread,
		.page = found.page,
		.generation = found.generation,
	};
	if (found.magic != STAMP_MAGIC ||
	    found.checksum != id_hash(pool->seed, owner))
		return BAD_CORRUPT;
	if (owner->thread != id->thread || owner->page != id->page)
		return BAD_FOREIGN;
	return owner->generation == id->generation ? BAD_CORRUPT : BAD_STALE;
}

bool stamp_check(const struct pool *pool, const void *page,
		 const struct stamp_id *id, struct finding *finding)
{
	uint64_t hash = id_hash(pool->seed, id);
	struct stamp stamp = make_stamp(id, hash);
	const unsigned char *bytes = page;
	size_t rest = pool->page_size - sizeof(stamp);

	if (!memcmp(bytes, &stamp, sizeof(stamp)) &&
	    !memcmp(bytes + sizeof(stamp), content(pool, hash), rest))
		return true;
	*finding = (struct finding){.expected = *id};
	finding->kind = classify(pool, bytes, id, &finding->found);
	compare(bytes, (const unsigned char *)&stamp, sizeof(stamp), 0,
		finding);
	compare(bytes + sizeof(stamp), content(pool, hash), rest, STAMP_BYTES,
		finding);
	return false;
}

const char *bad_kind_name(enum bad_kind kind)
{
	static const char *const names[] = {
		[BAD_LOST] = "lost",
		[BAD_STALE] = "stale",
		[BAD_FOREIGN] = "foreign",
		[BAD_CORRUPT] = "corrupt",
	};

	return names[kind];
}
