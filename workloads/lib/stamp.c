// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "stamp.h"

// A same-filled page's word holds 10 + 34 + 20 bits.
#define SAME_PAGE_BITS	     34
#define SAME_GENERATION_BITS 20

_Static_assert(STAMP_BYTES == CONTENT_HEAD_WORDS * sizeof(uint64_t),
	       "a stamp is a page's head");

// What a page is to hold.
struct image {
	union {
		struct stamp stamp;
		uint64_t head[CONTENT_HEAD_WORDS];
	};
	uint64_t word; // same-filled: all of it
};

// random_mix backwards: the factors are the inverses modulo 2^64.
static uint64_t unmix(uint64_t x)
{
	x = (x ^ (x >> 31) ^ (x >> 62)) * 0x319642b2d24d8ec3u;
	x = (x ^ (x >> 27) ^ (x >> 54)) * 0x96de1b173f119089u;
	return x ^ (x >> 30) ^ (x >> 60);
}

static uint64_t same_key(uint64_t seed)
{
	return random_mix(seed + RANDOM_STEP);
}

static uint64_t same_word(uint64_t seed, const struct stamp_id *id)
{
	uint64_t packed =
		(uint64_t)id->thread
			<< (SAME_PAGE_BITS + SAME_GENERATION_BITS) |
		(id->page & ((UINT64_C(1) << SAME_PAGE_BITS) - 1))
			<< SAME_GENERATION_BITS |
		(id->generation & ((UINT64_C(1) << SAME_GENERATION_BITS) - 1));
	return random_mix(packed ^ same_key(seed));
}

static struct stamp_id same_owner(uint64_t seed, uint64_t word)
{
	uint64_t packed = unmix(word) ^ same_key(seed);

	return (struct stamp_id){
		.thread = (uint32_t)(packed >>
				     (SAME_PAGE_BITS + SAME_GENERATION_BITS)),
		.page = packed >> SAME_GENERATION_BITS &
			((UINT64_C(1) << SAME_PAGE_BITS) - 1),
		.generation =
			packed & ((UINT64_C(1) << SAME_GENERATION_BITS) - 1),
	};
}

static struct image make_image(const struct content *content,
			       const struct stamp_id *id)
{
	struct image image = {.word = 0};

	if (content->same_filled)
		image.word = same_word(content->seed, id);
	else
		image.stamp =
			stamp_make(stamp_key(content->seed, id->thread), id);
	return image;
}

void stamp_write_keyed(const struct content *content, void *page, uint64_t key,
		       const struct stamp_id *id)
{
	struct image image;

	if (content->same_filled) {
		content_fill_same(content, page, same_word(content->seed, id));
		return;
	}
	image.stamp = stamp_make(key, id);
	content_write(content, page, image.stamp.checksum, image.head);
}

void stamp_write(const struct content *content, void *page,
		 const struct stamp_id *id)
{
	stamp_write_keyed(content, page, stamp_key(content->seed, id->thread),
			  id);
}

bool stamp_is(const struct content *content, const void *page,
	      const struct stamp_id *id)
{
	struct image image = make_image(content, id);

	return content->same_filled
		       ? *(const uint64_t *)page == image.word
		       : !memcmp(page, &image.stamp, sizeof(image.stamp));
}

static bool all_zero(const unsigned char *bytes, size_t length)
{
	return bytes[0] == 0 && !memcmp(bytes, bytes + 1, length - 1);
}

// The place of the first wrong byte, what it is, and how many bits are wrong
static void compare(const struct content *content, const unsigned char *page,
		    const struct image *image, struct finding *finding)
{
	for (size_t i = 0; i < content->page_size / sizeof(uint64_t); i++) {
		uint64_t word = image->word;
		const unsigned char *found = page + i * sizeof(word);
		unsigned char expected[sizeof(word)];

		if (!content->same_filled)
			word = content_word(content, image->stamp.checksum,
					    image->head, i);
		memcpy(expected, &word, sizeof(word));
		for (size_t j = 0; j < sizeof(word); j++) {
			unsigned int wrong = found[j] ^ expected[j];

			if (wrong && finding->wrong_bits == 0) {
				finding->offset =
					(uint32_t)(i * sizeof(word) + j);
				finding->expected_byte = expected[j];
				finding->found_byte = found[j];
			}
			finding->wrong_bits +=
				(uint32_t)__builtin_popcount(wrong);
		}
	}
}

// Whose page it seems to be; false: nobody's.
static bool read_owner(const struct content *content, const unsigned char *page,
		       struct stamp_id *owner)
{
	struct stamp found;

	memcpy(&found, page, sizeof(found));
	if (content->same_filled) {
		uint64_t word;

		memcpy(&word, page, sizeof(word));
		*owner = same_owner(content->seed, word);
		return content_is_same(content, page);
	}
	*owner = (struct stamp_id){
		.thread = found.thread,
		.page = found.page,
		.generation = found.generation,
	};
	return stamp_is(content, page, owner);
}

static enum bad_kind classify(const struct content *content,
			      const unsigned char *page,
			      const struct stamp_id *id, struct stamp_id *owner)
{
	if (all_zero(page, content->page_size))
		return BAD_LOST;
	if (!read_owner(content, page, owner))
		return BAD_CORRUPT;
	if (owner->thread != id->thread || owner->page != id->page)
		return BAD_FOREIGN;
	return owner->generation == id->generation ? BAD_CORRUPT : BAD_STALE;
}

bool stamp_check(const struct content *content, const void *page,
		 const struct stamp_id *id, struct finding *finding)
{
	struct image image = make_image(content, id);

	if (content->same_filled
		    ? *(const uint64_t *)page == image.word &&
			      content_is_same(content, page)
		    : content_matches(content, page, image.stamp.checksum,
				      image.head))
		return true;
	*finding = (struct finding){.expected = *id};
	finding->kind = classify(content, page, id, &finding->found);
	compare(content, page, &image, finding);
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
