// SPDX-License-Identifier: GPL-2.0-only
#include "dataset.h"

#include "workloads/lib/random.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BATCH = 32,  // requests under way
	HEAD = 128,  // of a request, beside its value
	REPLY = 64,  // of a reply, beside its value
	INFO = 8192, // of the server's about its CPU time
};

static char buffer[BATCH * (DATASET_MOST_VALUE + HEAD)];
static char value[DATASET_MOST_VALUE];

// Hexadecimal digits: text, as most values are, that compresses to half.
static void make_value(const struct dataset *dataset, uint64_t key)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t state = random_mix(dataset->seed + key * RANDOM_STEP),
		 word = 0;

	for (uint64_t i = 0; i < dataset->value; i++) {
		if (i % 16 == 0)
			word = random_next(&state);
		value[i] = digits[word & 15];
		word >>= 4;
	}
}

static int send_all(int fd, const char *data, size_t length,
		    struct error *error)
{
	while (length) {
		const ssize_t n = write(fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set(error, "the server: %s",
					 strerror(errno));
		data += n;
		length -= (size_t)n;
	}
	return 0;
}

static int receive(int fd, char *data, size_t length, struct error *error)
{
	while (length) {
		const ssize_t n = read(fd, data, length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set(error, "the server: %s",
					 n ? strerror(errno)
					   : "has closed the connection");
		data += n;
		length -= (size_t)n;
	}
	return 0;
}

// A reply's first line, without its end.
static int receive_line(int fd, char *line, size_t size, struct error *error)
{
	size_t length = 0;

	do {
		if (length == size || receive(fd, line + length, 1, error))
			return length == size
				       ? error_set(error, "the server: a line "
							  "without an end")
				       : -1;
	} while (line[length++] != '\n');
	line[length >= 2 ? length - 2 : 0] = '\0';
	return 0;
}

static int expect(int fd, const char *wanted, uint64_t key, struct error *error)
{
	char line[REPLY];

	if (receive_line(fd, line, sizeof(line), error))
		return -1;
	if (strcmp(line, wanted) != 0)
		return error_set(error,
				 "the server said '%s' to key %" PRIu64
				 ", not '%s'",
				 line, key, wanted);
	return 0;
}

static uint64_t batch_from(const struct dataset *dataset, uint64_t key)
{
	const uint64_t left = dataset->keys - key;

	return left < BATCH ? left : BATCH;
}

int dataset_fill(const struct dataset *dataset, int fd, struct error *error)
{
	for (uint64_t key = 0; key < dataset->keys;) {
		const uint64_t count = batch_from(dataset, key);
		size_t length = 0;

		for (uint64_t i = key; i < key + count; i++) {
			make_value(dataset, i);
			length += (size_t)snprintf(
				buffer + length, HEAD,
				"*3\r\n$3\r\nSET\r\n$16\r\nkey:%012" PRIu64
				"\r\n$%" PRIu64 "\r\n",
				i, dataset->value);
			memcpy(buffer + length, value, dataset->value);
			length += dataset->value;
			buffer[length++] = '\r';
			buffer[length++] = '\n';
		}
		if (send_all(fd, buffer, length, error))
			return -1;
		for (uint64_t i = 0; i < count; i++)
			if (expect(fd, "+OK", key + i, error))
				return -1;
		key += count;
	}
	return 0;
}

static int ask(const struct dataset *dataset, int fd, uint64_t key,
	       struct error *error)
{
	const uint64_t count = batch_from(dataset, key);
	size_t length = 0;

	for (uint64_t i = key; i < key + count; i++)
		length += (size_t)snprintf(
			buffer + length, HEAD,
			"*2\r\n$3\r\nGET\r\n$16\r\nkey:%012" PRIu64 "\r\n", i);
	return send_all(fd, buffer, length, error);
}

int dataset_verify(const struct dataset *dataset, int fd,
		   struct checked *checked, struct error *error)
{
	char wanted[REPLY];

	*checked = (struct checked){0};
	snprintf(wanted, sizeof(wanted), "$%" PRIu64, dataset->value);
	for (; checked->pages < dataset->keys; checked->pages++) {
		const uint64_t key = checked->pages;

		if (key % BATCH == 0 && ask(dataset, fd, key, error))
			return -1;
		if (expect(fd, wanted, key, error) ||
		    receive(fd, buffer, dataset->value + 2, error))
			return -1;
		make_value(dataset, key);
		if (memcmp(buffer, value, dataset->value) != 0)
			checked_bad(checked,
				    &(struct checked_page){.page = key});
	}
	return 0;
}

bool dataset_seconds(const char *text, const char *name, uint64_t *micro)
{
	const char *found = strstr(text, name);
	char *end;

	if (!found || found[strlen(name)] != ':')
		return false;
	found += strlen(name) + 1;
	const uint64_t whole = strtoull(found, &end, 10);

	if (end == found || *end != '.' || strspn(end + 1, "0123456789") != 6)
		return false;
	*micro = whole * 1000000 + strtoull(end + 1, NULL, 10);
	return true;
}

int dataset_cpu(int fd, struct dataset_cpu *cpu, struct error *error)
{
	static const char request[] = "*2\r\n$4\r\nINFO\r\n$3\r\ncpu\r\n";
	char line[REPLY], text[INFO];
	size_t length;

	if (send_all(fd, request, sizeof(request) - 1, error) ||
	    receive_line(fd, line, sizeof(line), error))
		return -1;
	length = line[0] == '$' ? strtoull(line + 1, NULL, 10) : 0;
	if (!length || length >= sizeof(text) - 2)
		return error_set(error, "the server said '%s' to INFO", line);
	if (receive(fd, text, length + 2, error))
		return -1;
	text[length] = '\0';
	if (!dataset_seconds(text, "used_cpu_sys", &cpu->system_us) ||
	    !dataset_seconds(text, "used_cpu_user", &cpu->user_us))
		return error_set(error, "the server says nothing of its CPU "
					"time");
	return 0;
}
