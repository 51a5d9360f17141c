// SPDX-License-Identifier: GPL-2.0-only
#include "machine.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 4 };

struct line {
	unsigned int number;
	unsigned int words;
	const char *word[WORDS];
	uint64_t value[WORDS]; // of those that are numbers, else 0
	bool is_number[WORDS];
};

static void split(struct line *line, char *text)
{
	char *save = NULL;

	line->words = 0;
	for (char *word = strtok_r(text, " \t", &save);
	     word && line->words < WORDS; word = strtok_r(NULL, " \t", &save)) {
		char *end;

		errno = 0;
		line->value[line->words] = strtoull(word, &end, 0);
		line->is_number[line->words] =
			!errno && end != word && !*end && *word != '-';
		line->word[line->words++] = word;
	}
}

static bool takes(const struct line *line, const char *key,
		  unsigned int numbers)
{
	if (strcmp(line->word[0], key) != 0 || line->words != numbers + 1)
		return false;
	for (unsigned int i = 1; i <= numbers; i++)
		if (!line->is_number[i])
			return false;
	return true;
}

static bool add_code(struct codes *codes, const struct line *line)
{
	if (codes->count == MACHINE_CODES || line->value[1] >= line->value[2])
		return false;
	codes->at[codes->count++] =
		(struct range){line->value[1], line->value[2]};
	return true;
}

static bool add_range(struct machine *machine, const struct line *line)
{
	const uint64_t start = line->value[1], bytes = line->value[2];

	if (machine->range_count == MACHINE_RANGES || !bytes ||
	    start + bytes < start || start % 64 || bytes % 64)
		return false;
	machine->ranges[machine->range_count++] =
		(struct range){start, start + bytes};
	return true;
}

static bool add_peek(struct machine *machine, const struct line *line)
{
	if (machine->peek_count == MACHINE_PEEKS)
		return false;
	machine->peeks[machine->peek_count++].address = line->value[1];
	return true;
}

static bool add_span(struct machine *machine, const struct line *line)
{
	if (line->words != 3 || !line->is_number[2] ||
	    machine->span_count == MACHINE_SPANS)
		return false;
	struct span_at *span = &machine->spans[machine->span_count++];

	span->start = line->value[2];
	span->kind = SPAN_LOCK;
	if (strcmp(line->word[1], "irq") == 0)
		span->kind = SPAN_IRQ;
	else if (strcmp(line->word[1], "lock") != 0)
		return false;
	return true;
}

static bool set_number(struct machine *machine, const struct line *line)
{
	const struct {
		const char *key;
		uint64_t *where;
		uint64_t least, most;
	} known[] = {
		{"instruction_fs", &machine->instruction_fs, 1, 1000000000},
		{"near_fs", &machine->near_fs, 0, 1000000000000},
		{"far_fs", &machine->far_fs, 0, 1000000000000},
		{"byte_fs", &machine->byte_fs, 0, 1000000000},
		{"quantum_fs", &machine->quantum_fs, 1, 1000000000000},
		{"skew_seed", &machine->skew_seed, 0, UINT64_MAX},
		{"most_lines", &machine->most_lines, 1, 1000000000},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!takes(line, known[i].key, 1))
			continue;
		if (line->value[1] < known[i].least ||
		    line->value[1] > known[i].most)
			return false;
		*known[i].where = line->value[1];
		return true;
	}
	return false;
}

static bool take(struct machine *machine, const struct line *line)
{
	if (takes(line, "cpus", 1)) {
		machine->cpus = (unsigned int)line->value[1];
		return line->value[1] >= 1 && line->value[1] <= MACHINE_CPUS;
	}
	if (takes(line, "socket", 2)) {
		if (line->value[1] >= MACHINE_CPUS ||
		    line->value[2] >= MACHINE_CPUS)
			return false;
		machine->socket[line->value[1]] = (unsigned char)line->value[2];
		return true;
	}
	if (takes(line, "leaf", 2))
		return add_code(&machine->leaf, line);
	if (takes(line, "bulk", 2))
		return add_code(&machine->bulk, line);
	if (takes(line, "range", 2))
		return add_range(machine, line);
	if (takes(line, "peek", 1))
		return add_peek(machine, line);
	if (strcmp(line->word[0], "span") == 0)
		return add_span(machine, line);
	return set_number(machine, line);
}

static int missing(const struct machine *machine, char *why, size_t size)
{
	const char *what = !machine->cpus	      ? "cpus"
			   : !machine->instruction_fs ? "instruction_fs"
			   : !machine->quantum_fs     ? "quantum_fs"
			   : !machine->most_lines     ? "most_lines"
			   : !machine->range_count    ? "range"
						      : NULL;

	if (!what)
		return 0;
	snprintf(why, size, "%s: is missing", what);
	return -1;
}

static int by_start(const void *a, const void *b)
{
	const struct range *one = a, *other = b;

	return (one->start > other->start) - (one->start < other->start);
}

int machine_parse(struct machine *machine, const char *text, char *why,
		  size_t size)
{
	struct line line = {.number = 0};
	char buffer[256];

	*machine = (struct machine){.cpus = 0};
	for (const char *at = text; *at;) {
		const size_t length = strcspn(at, "\n");

		line.number++;
		if (length >= sizeof(buffer)) {
			snprintf(why, size, "%u: is longer than %zu characters",
				 line.number, sizeof(buffer) - 1);
			return -1;
		}
		memcpy(buffer, at, length);
		buffer[length] = '\0';
		buffer[strcspn(buffer, "#")] = '\0';
		at += length + (at[length] == '\n');
		split(&line, buffer);
		if (line.words && !take(machine, &line)) {
			snprintf(why, size,
				 "%u: %.64s: is not known, or not in its range",
				 line.number, line.word[0]);
			return -1;
		}
	}
	qsort(machine->leaf.at, machine->leaf.count, sizeof(struct range),
	      by_start);
	qsort(machine->bulk.at, machine->bulk.count, sizeof(struct range),
	      by_start);
	return missing(machine, why, size);
}

int machine_read(struct machine *machine, const char *path, char *why,
		 size_t size)
{
	enum { MOST = 1 << 16 };
	char *text = malloc(MOST + 1), said[128];
	FILE *file = text ? fopen(path, "re") : NULL;

	if (!file) {
		snprintf(why, size, "%s: %s", path, strerror(errno));
		free(text);
		return -1;
	}
	const size_t length = fread(text, 1, MOST, file);
	const bool whole = feof(file) && !ferror(file);
	int status = -1;

	fclose(file);
	text[length] = '\0';
	if (!whole || strlen(text) != length)
		snprintf(why, size,
			 "%s: cannot be read, or is not a text of at most %d "
			 "bytes",
			 path, MOST);
	else if (machine_parse(machine, text, said, sizeof(said)))
		snprintf(why, size, "%s:%s", path, said);
	else
		status = 0;
	free(text);
	return status;
}

// The last that begins at or below the address; NULL where none does.
static const struct range *code_below(const struct codes *codes,
				      uint64_t address)
{
	unsigned int low = 0, high = codes->count;

	while (low < high) {
		const unsigned int middle = (low + high) / 2;

		if (codes->at[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &codes->at[low - 1] : NULL;
}

bool codes_hold(const struct codes *codes, uint64_t address)
{
	const struct range *code = code_below(codes, address);

	return code && address < code->end;
}

bool codes_begin(const struct codes *codes, uint64_t address)
{
	const struct range *code = code_below(codes, address);

	return code && address == code->start;
}

const struct span_at *machine_span(const struct machine *machine,
				   uint64_t address)
{
	for (unsigned int i = 0; i < machine->span_count; i++)
		if (machine->spans[i].start == address)
			return &machine->spans[i];
	return NULL;
}
