// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "input.h"
#include "line.h"

static const char *const service_words[] = {"deterministic", "exponential"};
static const char *const kind_words[] = {"spin", "mutex", "rwsem"};
static const char *const side_words[] = {"reclaim", "fault"};

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static int parse_service(const struct line *line, const char *word,
			 enum service *service)
{
	int choice = 0;

	if (line_choice(line, "service", word, service_words,
			COUNT(service_words), &choice))
		return -1;
	*service = (enum service)choice;
	return 0;
}

static int read_ns_per_instruction(const struct line *line, struct scenario *s)
{
	if (line_wants(line, 2, "ns-per-instruction NS"))
		return -1;
	return line_figure(line, line->words[0], line->words[1], 1e-3, 1e6,
			   &s->machine.ns_per_instruction);
}

static int read_reclaim(const struct line *line, struct scenario *s)
{
	if (line_wants(line, 3, "reclaim INSTRUCTIONS SERVICE") ||
	    line_figure(line, line->words[0], line->words[1], 1e-3, 1e9,
			&s->reclaim))
		return -1;
	return parse_service(line, line->words[2], &s->reclaim_service);
}

static int read_fault(const struct line *line, struct scenario *s)
{
	if (line_wants(line, 3, "fault INSTRUCTIONS SERVICE") ||
	    line_figure(line, line->words[0], line->words[1], 0, 1e9,
			&s->fault))
		return -1;
	return parse_service(line, line->words[2], &s->fault_service);
}

static int read_transfer(const struct line *line, struct scenario *s)
{
	if (line_wants(line, 3, "transfer-ns NEAR FAR") ||
	    line_figure(line, line->words[0], line->words[1], 0, 1e6,
			&s->machine.near))
		return -1;
	return line_figure(line, line->words[0], line->words[2], 0, 1e6,
			   &s->machine.far);
}

static int read_lines(const struct line *line, struct scenario *s)
{
	if (line_wants(line, 2, "lines-per-hold LINES"))
		return -1;
	return line_figure(line, line->words[0], line->words[1], 0, 1e4,
			   &s->machine.lines);
}

static int read_wake(const struct line *line, struct scenario *s)
{
	if (line_wants(line, 2, "wake-ns NS"))
		return -1;
	return line_figure(line, line->words[0], line->words[1], 0, 1e9,
			   &s->machine.wake);
}

static int read_count(const struct line *line, const char *form, uint64_t low,
		      uint64_t high, uint32_t *count)
{
	uint64_t value = 0;

	if (line_wants(line, 2, form) ||
	    line_whole(line, line->words[0], line->words[1], low, high, &value))
		return -1;
	*count = (uint32_t)value;
	return 0;
}

static int read_sockets(const struct line *line, struct scenario *s)
{
	return read_count(line, "sockets N", 1, MAX_SOCKETS,
			  &s->machine.sockets);
}

static int read_cores(const struct line *line, struct scenario *s)
{
	return read_count(line, "cores N", 1, 1 << 20, &s->machine.cores);
}

static int read_kswapd(const struct line *line, struct scenario *s)
{
	static const char *const names[] = {"kswapd", "min", "low", "high",
					    "batch"};
	uint32_t *const into[] = {&s->pool.kswapds, &s->pool.min, &s->pool.low,
				  &s->pool.high, &s->pool.batch};
	uint64_t value = 0;

	if (line_wants(line, 6, "kswapd N MIN LOW HIGH BATCH"))
		return -1;
	for (int i = 0; i < 5; i++) {
		uint64_t most = i ? 1 << 30 : MAX_SOCKETS;

		if (line_whole(line, names[i], line->words[i + 1],
			       i < 4 ? 0 : 1, most, &value))
			return -1;
		*into[i] = (uint32_t)value;
	}
	if (s->pool.min >= s->pool.low || s->pool.low >= s->pool.high)
		return complain(line, "%s",
				"kswapd: min, low, high must ascend");
	return 0;
}

static int parse_name(const struct line *line, const struct scenario *s,
		      const char *word, char name[MAX_NAME + 1])
{
	char shown[ERROR_WORD];
	size_t length = strlen(word);

	if (length > MAX_NAME)
		return complain(line, "lock: name '%s' is over %d characters",
				error_word(shown, word), MAX_NAME);
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)word[i]) && word[i] != '_')
			return complain(line,
					"lock: name '%s' holds more than "
					"letters, digits and '_'",
					error_word(shown, word));
	for (uint32_t i = 0; i < s->lock_count; i++)
		if (!strcmp(s->locks[i].name, word))
			return complain(line, "lock: '%s' is there already",
					error_word(shown, word));
	memcpy(name, word, length + 1);
	return 0;
}

/* NULL after a complaint. */
static struct lock *new_lock(const struct line *line, struct scenario *s,
			     const char *name)
{
	struct lock *lock = &s->locks[s->lock_count];

	if (s->lock_count == MAX_LOCKS) {
		complain(line, "lock: more than %d locks", MAX_LOCKS);
		return NULL;
	}
	*lock = (struct lock){.instances = 1, .data = EXACTLY(1)};
	if (parse_name(line, s, name, lock->name))
		return NULL;
	s->lock_count++;
	return lock;
}

/* One 'KEY VALUE' of a lock; `seen` has a bit for each key. */
static int read_lock_key(const struct line *line, unsigned int at,
			 struct lock *lock, unsigned int *seen)
{
	static const char *const keys[] = {"acquisitions", "hold", "service",
					   "instances",	   "kind", "read-share",
					   "side",	   "data"};
	const char *word = line->words[at + 1];
	uint64_t whole = 0;
	int choice = 0;
	int key = 0;

	if (line_choice(line, "lock", line->words[at], keys, COUNT(keys), &key))
		return -1;
	if (*seen & 1u << key)
		return complain(line, "lock: %s: is there already", keys[key]);
	*seen |= 1u << key;
	switch (key) {
	case 0:
		return line_figure(line, keys[0], word, 1e-6, 1e4,
				   &lock->acquisitions);
	case 1:
		return line_figure(line, keys[1], word, 0, 1e9, &lock->hold);
	case 2:
		return parse_service(line, word, &lock->service);
	case 3:
		if (line_whole(line, keys[3], word, 1, MAX_INSTANCES, &whole))
			return -1;
		lock->instances = (uint32_t)whole;
		return 0;
	case 4:
		if (line_choice(line, keys[4], word, kind_words,
				COUNT(kind_words), &choice))
			return -1;
		lock->kind = (enum kind)choice;
		return 0;
	case 5:
		return line_number(line, keys[5], word, 0, 1,
				   &lock->read_share);
	case 6:
		if (line_choice(line, keys[6], word, side_words,
				COUNT(side_words), &choice))
			return -1;
		lock->side = (enum side)choice;
		return 0;
	default:
		return line_figure(line, keys[7], word, 0, 1e6, &lock->data);
	}
}

static int read_lock(const struct line *line, struct scenario *s)
{
	struct lock *lock;
	unsigned int seen = 0;

	if (line->count < 2 || line->count % 2)
		return complain(line, "%s",
				"lock: takes the form 'lock NAME KEY VALUE "
				"...'");
	lock = new_lock(line, s, line->words[1]);
	if (!lock)
		return -1;
	for (unsigned int at = 2; at < line->count; at += 2)
		if (read_lock_key(line, at, lock, &seen))
			return -1;
	if ((seen & 7u) != 7u)
		return complain(line, "%s",
				"lock: takes at least acquisitions, hold and "
				"service");
	if (lock->read_share > 0 && lock->kind != RWSEM)
		return complain(line, "%s",
				"lock: read-share: only a rwsem is read");
	return 0;
}

static int read_device(const struct line *line, struct scenario *s)
{
	struct lock *lock;
	uint64_t instances = 1;

	if (line->count != 2 && line->count != 3)
		return complain(line, "%s",
				"device-ns: takes the form 'device-ns NS "
				"[DEVICES]'");
	lock = new_lock(line, s, "device");
	if (!lock || line_figure(line, line->words[0], line->words[1], 0, 1e9,
				 &lock->hold))
		return -1;
	if (line->count == 3 && line_whole(line, line->words[0], line->words[2],
					   1, MAX_INSTANCES, &instances))
		return -1;
	lock->kind = DEVICE;
	lock->instances = (uint32_t)instances;
	lock->acquisitions = (struct figure)EXACTLY(1);
	return 0;
}

static int read_workers(const struct line *line, struct scenario *s)
{
	uint64_t value = 0;

	if (line->count < 2 || line->count > MAX_COUNTS + 1)
		return complain(line, "workers: takes 1 to %d numbers",
				MAX_COUNTS);
	for (unsigned int i = 1; i < line->count; i++) {
		uint64_t before = value;

		if (line_whole(line, "workers", line->words[i], 1, MAX_WORKERS,
			       &value))
			return -1;
		if (value <= before)
			return complain(line, "workers: %s: must ascend",
					line->words[i]);
		s->workers[s->worker_counts++] = (uint32_t)value;
	}
	return 0;
}

static int read_seed(const struct line *line, struct scenario *s)
{
	if (line_wants(line, 2, "seed N"))
		return -1;
	return line_whole(line, line->words[0], line->words[1], 0,
			  UINT32_MAX - MAX_SEEDS, &s->seed);
}

static int read_seeds(const struct line *line, struct scenario *s)
{
	return read_count(line, "seeds N", 1, MAX_SEEDS, &s->seeds);
}

static int read_pages(const struct line *line, struct scenario *s)
{
	if (line_wants(line, 2, "pages N"))
		return -1;
	return line_whole(line, line->words[0], line->words[1], 1, 100000000,
			  &s->pages);
}

static int read_warmup(const struct line *line, struct scenario *s)
{
	if (line_wants(line, 2, "warmup-pages N"))
		return -1;
	return line_whole(line, line->words[0], line->words[1], 0, 100000000,
			  &s->warmup);
}

static const struct key {
	const char *name;
	int (*read)(const struct line *line, struct scenario *s);
	bool required;
	bool many;
} keys[] = {
	{"ns-per-instruction", read_ns_per_instruction, true, false},
	{"reclaim", read_reclaim, true, false},
	{"fault", read_fault, false, false},
	{"sockets", read_sockets, false, false},
	{"cores", read_cores, false, false},
	{"transfer-ns", read_transfer, false, false},
	{"lines-per-hold", read_lines, false, false},
	{"wake-ns", read_wake, false, false},
	{"kswapd", read_kswapd, false, false},
	{"lock", read_lock, false, true},
	{"device-ns", read_device, false, false},
	{"workers", read_workers, true, false},
	{"seed", read_seed, false, false},
	{"seeds", read_seeds, false, false},
	{"pages", read_pages, false, false},
	{"warmup-pages", read_warmup, false, false},
};

#define KEYS (sizeof(keys) / sizeof(keys[0]))

static int read_key(const struct line *line, bool seen[KEYS],
		    struct scenario *scenario)
{
	char shown[ERROR_WORD];

	for (size_t i = 0; i < KEYS; i++) {
		if (!line_is(line, 0, keys[i].name))
			continue;
		if (seen[i] && !keys[i].many)
			return complain(line, "%s: is there already",
					keys[i].name);
		seen[i] = true;
		return keys[i].read(line, scenario);
	}
	return complain(line, "'%s' is not known here; see swapsim(1)",
			error_word(shown, line->words[0]));
}

static int first_line(const struct line *line)
{
	if (line->count == 2 && line_is(line, 0, "swapsim") &&
	    line_is(line, 1, "2"))
		return 0;
	return complain(line, "%s", "the file must begin with 'swapsim 2'");
}

static int check_whole(const struct line *line, bool begun,
		       const bool seen[KEYS])
{
	if (!begun)
		return complain(line, "%s",
				"the file must begin with 'swapsim 2'");
	for (size_t i = 0; i < KEYS; i++)
		if (keys[i].required && !seen[i])
			return complain(line, "%s: missing", keys[i].name);
	return 0;
}

int input_parse(const char *file, const char *text, size_t length,
		struct scenario *scenario, struct error *error)
{
	struct line line = {.file = file, .number = 0, .error = error};
	bool seen[KEYS] = {false};
	bool begun = false;

	*scenario = (struct scenario){.machine = {.sockets = 1},
				      .seed = 1,
				      .seeds = 8,
				      .pages = 100000,
				      .warmup = 20000};
	while (length > 0) {
		const char *end = memchr(text, '\n', length);
		size_t bytes = end ? (size_t)(end - text) : length;

		line.number++;
		if (line_take(&line, text, bytes))
			return -1;
		if (line.count > 0) {
			if (begun ? read_key(&line, seen, scenario)
				  : first_line(&line))
				return -1;
			begun = true;
		}
		bytes += end ? 1 : 0;
		text += bytes;
		length -= bytes;
	}
	if (line.number == 0)
		line.number = 1;
	return check_whole(&line, begun, seen);
}

int input_read(const char *file, struct scenario *scenario, struct error *error)
{
	bool standard = !strcmp(file, "-");
	const char *name = standard ? "standard input" : file;
	FILE *stream = standard ? stdin : fopen(file, "re");
	char text[INPUT_MOST + 1];
	size_t length;
	int failed;

	if (!stream)
		return error_set(error, "%s: cannot be read: %s", name,
				 strerror(errno));
	errno = 0;
	length = fread(text, 1, sizeof(text), stream);
	failed = ferror(stream) ? errno : 0;
	if (!standard)
		(void)fclose(stream);
	if (failed)
		return error_set(error, "%s: cannot be read: %s", name,
				 strerror(failed));
	if (length > INPUT_MOST)
		return error_set(error, "%s: is over %d bytes", name,
				 INPUT_MOST);
	return input_parse(name, text, length, scenario, error);
}
