// SPDX-License-Identifier: GPL-2.0-only
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

ssize_t text_read(const char *path, char *buffer, size_t size)
{
	size_t used = 0;
	ssize_t got = 1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	while (got > 0 && used < size) {
		got = read(fd, buffer + used, size - used);
		if (got < 0 && errno == EINTR)
			got = 1;
		else if (got > 0)
			used += (size_t)got;
	}
	int error = got < 0 ? errno : used == size ? EFBIG : 0;

	close(fd);
	if (error) {
		errno = error;
		return -1;
	}
	buffer[used] = '\0';
	return (ssize_t)used;
}

ssize_t text_read_line(const char *path, char *buffer, size_t size)
{
	ssize_t length = text_read(path, buffer, size);

	if (length > 0 && buffer[length - 1] == '\n')
		buffer[--length] = '\0';
	return length;
}

int text_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	ssize_t wrote = write(fd, text, strlen(text));
	int error = wrote < 0 ? errno : (size_t)wrote < strlen(text) ? EIO : 0;

	close(fd);
	errno = error;
	return error ? -1 : 0;
}

int text_number(const char *text, uint64_t *value)
{
	uint64_t sum = 0;

	if (!*text)
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -1;
		uint64_t digit = (uint64_t)(*text - '0');

		if (sum > (UINT64_MAX - digit) / 10)
			return -1;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return 0;
}

uint64_t text_read_number(const char *path)
{
	char text[32];
	uint64_t number;

	return text_read_line(path, text, sizeof(text)) < 0 ||
			       text_number(text, &number)
		       ? 0
		       : number;
}
