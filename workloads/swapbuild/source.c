// SPDX-License-Identifier: GPL-2.0-only
#include "source.h"

#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PAGE = 4096 };

// What one file is, and what it is found to be.
static char written[TREE_MOST_BYTES], found[TREE_MOST_BYTES];

void source_name(char name[static SOURCE_NAME], unsigned int unit, char kind)
{
	if (unit < SOURCE_MOST_UNITS)
		snprintf(name, SOURCE_NAME, "unit-%04u.%c", unit, kind);
	else
		snprintf(name, SOURCE_NAME, "tree.h");
}

// File number `unit` as it is to be, and its path.
static int make(const struct source *source, unsigned int unit,
		struct tree_text *text, char *path, size_t size,
		struct error *error)
{
	char name[SOURCE_NAME];

	*text = (struct tree_text){.data = written, .size = sizeof(written)};
	if (unit < SOURCE_MOST_UNITS)
		tree_unit(text, source->seed, unit,
			  (unsigned int)source->functions);
	else
		tree_header(text, source->seed);
	source_name(name, unit, 'c');
	if ((size_t)snprintf(path, size, "%s/%s", source->folder, name) >= size)
		return error_set(error, "--folder: its name is too long");
	if (text->length >= text->size)
		return error_set(error, "%s: is longer than %d bytes", name,
				 TREE_MOST_BYTES);
	return 0;
}

static int write_one(const struct source *source, unsigned int unit,
		     struct error *error)
{
	struct tree_text text;
	char path[512];
	size_t done = 0;

	if (make(source, unit, &text, path, sizeof(path), error))
		return -1;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	while (fd >= 0 && done < text.length) {
		ssize_t n = write(fd, text.data + done, text.length - done);

		if (n <= 0)
			break;
		done += (size_t)n;
	}
	if (fd < 0 || close(fd) || done < text.length)
		return error_set(error, "%s: %s", path, strerror(errno));
	return 0;
}

int source_write(const struct source *source, struct error *error)
{
	if (write_one(source, SOURCE_MOST_UNITS, error))
		return -1;
	for (unsigned int unit = 0; unit < source->units; unit++)
		if (write_one(source, unit, error))
			return -1;
	return 0;
}

static ssize_t read_whole(const char *path)
{
	size_t length = 0;
	ssize_t n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	while (length < sizeof(found) &&
	       (n = read(fd, found + length, sizeof(found) - length)) > 0)
		length += (size_t)n;
	close(fd);
	return n < 0 ? -1 : (ssize_t)length;
}

static void compare(const struct tree_text *text, size_t length,
		    unsigned int unit, struct checked *checked)
{
	const size_t longer = text->length > length ? text->length : length;

	for (size_t at = 0; at < longer; at += PAGE) {
		size_t offset = at;

		checked->pages++;
		while (offset < longer && offset < at + PAGE &&
		       offset < length && offset < text->length &&
		       found[offset] == text->data[offset])
			offset++;
		if (offset == longer || offset == at + PAGE)
			continue;
		checked_bad(checked, &(struct checked_page){
					     unit, (unsigned int)(offset - at),
					     at / PAGE});
	}
}

static int verify_one(const struct source *source, unsigned int unit,
		      struct checked *checked, struct error *error)
{
	struct tree_text text;
	char path[512];

	if (make(source, unit, &text, path, sizeof(path), error))
		return -1;
	const ssize_t length = read_whole(path);

	if (length < 0)
		return error_set(error, "%s: %s", path, strerror(errno));
	compare(&text, (size_t)length, unit, checked);
	return 0;
}

int source_verify(const struct source *source, struct checked *checked,
		  struct error *error)
{
	*checked = (struct checked){0};
	if (verify_one(source, SOURCE_MOST_UNITS, checked, error))
		return -1;
	for (unsigned int unit = 0; unit < source->units; unit++)
		if (verify_one(source, unit, checked, error))
			return -1;
	return 0;
}
