// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"

#define MAX_SIZE (64ull << 40)
#define MICRO	 ((uint64_t)1000000)

// All digits, no sign, no space: strtoull alone takes " -1".
static bool whole_number(const char *text, const char **end, uint64_t *value)
{
	char *after;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &after, 10);
	*end = after;
	return errno == 0;
}

int number_range(const char *option, const char *text, uint64_t low,
		 uint64_t high, uint64_t *value, struct error *error)
{
	const char *end = "";

	if (text[strspn(text, "0123456789")] || !*text)
		return error_set(error, "%s: '%.40s' is not a whole number",
				 option, text);
	if (!whole_number(text, &end, value) || *value < low || *value > high)
		return error_set(error,
				 "%s: %.40s is not in %" PRIu64 "..%" PRIu64,
				 option, text, low, high);
	return 0;
}

int number_size(const char *option, const char *text, uint64_t *value,
		struct error *error)
{
	static const char suffixes[] = "KMGT";
	const char *end = "";
	unsigned int shift = 0;

	if (!isdigit((unsigned char)*text))
		return error_set(error, "%s: '%.40s' is not a size such as 64M",
				 option, text);
	if (!whole_number(text, &end, value))
		return error_set(error, "%s: %.40s is not in 1..64T", option,
				 text);
	if (*end) {
		const char *suffix = strchr(suffixes, *end);

		if (!suffix || end[1])
			return error_set(
				error, "%s: '%.40s' is not a size such as 64M",
				option, text);
		shift = 10 * (unsigned int)(suffix - suffixes + 1);
	}
	if (*value == 0 || *value > MAX_SIZE >> shift)
		return error_set(error, "%s: %.40s is not in 1..64T", option,
				 text);
	*value <<= shift;
	return 0;
}

// A decimal number with up to six places, in millionths, above 0 and up to
// `high` whole.  Not strtod: "nan" and the locale have no business here.
int number_decimal(const char *option, const char *text, uint64_t high,
		   uint64_t *micro, struct error *error)
{
	uint64_t scale = MICRO;
	uint64_t whole;
	const char *end = "";

	if (!isdigit((unsigned char)*text))
		goto not_a_number;
	if (!whole_number(text, &end, &whole) || whole > high)
		goto out_of_range;
	*micro = whole * MICRO;
	if (*end == '.') {
		if (!isdigit((unsigned char)end[1]))
			goto not_a_number;
		for (end++; isdigit((unsigned char)*end) && scale > 1; end++) {
			scale /= 10;
			*micro += (uint64_t)(*end - '0') * scale;
		}
	}
	if (*end)
		goto not_a_number;
	if (*micro == 0 || *micro > high * MICRO)
		goto out_of_range;
	return 0;

not_a_number:
	return error_set(error,
			 "%s: '%.40s' is not a number with up to six decimals",
			 option, text);
out_of_range:
	return error_set(error, "%s: %.40s is not above 0 and up to %" PRIu64,
			 option, text, high);
}
