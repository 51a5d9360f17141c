// SPDX-License-Identifier: GPL-2.0-only
// LINK: workloads/lib/frame.c
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "workloads/lib/frame.h"

// Bit by bit, as the definition of CRC-32C reads.
static uint32_t slow_crc32c(const uint8_t *data, size_t length)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < length; i++) {
		crc ^= data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

static void test_crc_check_value(void **state)
{
	(void)state;
	// The check value of the CRC catalogues for CRC-32C.
	assert_int_equal(crc32c(0, "123456789", 9), 0xe3069283);
	assert_int_equal(crc32c(0, "", 0), 0);
}

static void test_crc_agrees_with_definition(void **state)
{
	uint8_t data[512];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 167 + i / 256);
	for (size_t length = 0; length <= sizeof(data); length++)
		assert_int_equal(crc32c(0, data, length),
				 slow_crc32c(data, length));
}

static void test_crc_goes_on(void **state)
{
	(void)state;
	assert_int_equal(crc32c(crc32c(0, "12345", 5), "6789", 4),
			 crc32c(0, "123456789", 9));
}

static void test_layout(void **state)
{
	static const uint8_t head[16] = {'S',  'S',  'F',  '1', 4, 0, 0, 0,
					 0x03, 0x02, 0x01, 0,	5, 0, 0, 0};
	const struct frame_part parts[] = {{"ab", 2}, {NULL, 0}, {"cde", 3}};
	uint8_t out[25];
	uint8_t crc[4];

	(void)state;
	assert_int_equal(
		frame_encode(out, sizeof(out), FRAME_FILE, 0x010203, parts, 3),
		25);
	assert_memory_equal(out, head, 16);
	assert_memory_equal(out + 20, "abcde", 5);
	put_le32(crc, crc32c(crc32c(0, head, 16), "abcde", 5));
	assert_memory_equal(out + 16, crc, 4);
}

static void test_empty_payload(void **state)
{
	uint8_t out[FRAME_HEADER];

	(void)state;
	assert_int_equal(frame_encode(out, sizeof(out), FRAME_DONE, 7, NULL, 0),
			 FRAME_HEADER);
	assert_int_equal(out[4], FRAME_DONE);
	assert_int_equal(out[12], 0);
}

static void test_does_not_fit(void **state)
{
	const struct frame_part part = {"abcde", 5};
	uint8_t out[24];

	(void)state;
	memset(out, 0xee, sizeof(out));
	assert_int_equal(
		frame_encode(out, sizeof(out), FRAME_EVENT, 0, &part, 1), 0);
	assert_int_equal(frame_encode(out, 19, FRAME_DONE, 0, NULL, 0), 0);
	assert_int_equal(out[0], 0xee);
}

static void test_longest_payload(void **state)
{
	const size_t room = FRAME_HEADER + FRAME_MAX_PAYLOAD + 1;
	uint8_t *out = malloc(room);
	uint8_t *payload = calloc(1, FRAME_MAX_PAYLOAD);
	struct frame_part parts[] = {{payload, FRAME_MAX_PAYLOAD}, {"x", 1}};

	(void)state;
	assert_non_null(out);
	assert_non_null(payload);
	assert_int_equal(frame_encode(out, room, FRAME_FILE, 0, parts, 1),
			 FRAME_HEADER + FRAME_MAX_PAYLOAD);
	assert_int_equal(frame_encode(out, room, FRAME_FILE, 0, parts, 2), 0);
	free(payload);
	free(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc_check_value),
		cmocka_unit_test(test_crc_agrees_with_definition),
		cmocka_unit_test(test_crc_goes_on),
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_empty_payload),
		cmocka_unit_test(test_does_not_fit),
		cmocka_unit_test(test_longest_payload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
