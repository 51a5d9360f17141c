// SPDX-License-Identifier: GPL-2.0-only
#include "output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

// A whole line of the directory.
struct hot {
	uint64_t line;
	uint64_t count[TALLY_COUNTS]; // as in sim.transfers
	uint64_t fs;
	size_t first, rows; // in the sorted table
};

static uint64_t cost(const struct machine *machine, const uint64_t *count)
{
	return (count[0] + count[2]) * machine->near_fs +
	       (count[1] + count[3]) * machine->far_fs;
}

static int by_key(const void *a, const void *b)
{
	const struct tally_row *one = a, *other = b;

	for (int i = 0; i < 2; i++)
		if (one->key[i] != other->key[i])
			return one->key[i] > other->key[i] ? 1 : -1;
	return 0;
}

static int by_second(const void *a, const void *b)
{
	const struct tally_row *one = a, *other = b;

	if (one->count[1] != other->count[1])
		return one->count[1] < other->count[1] ? 1 : -1;
	return by_key(a, b);
}

static int by_fs(const void *a, const void *b)
{
	const struct hot *one = a, *other = b;

	if (one->fs != other->fs)
		return one->fs < other->fs ? 1 : -1;
	return (one->line > other->line) - (one->line < other->line);
}

static void write_counts(FILE *file, const uint64_t *count)
{
	fprintf(file, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, count[0],
		count[1], count[2], count[3]);
}

static void write_counters(FILE *file, const char *name,
			   const struct counters *begin,
			   const struct counters *end)
{
	fprintf(file,
		"\"%s\":{\"insns\":%" PRIu64 ",\"user_insns\":%" PRIu64
		",\"irq_insns\":%" PRIu64 ",\"irqs\":%" PRIu64
		",\"irq_fs\":%" PRIu64 ",\"near\":%" PRIu64 ",\"far\":%" PRIu64
		",\"stall_fs\":%" PRIu64 ",\"pause_fs\":%" PRIu64
		",\"bulk_bytes\":%" PRIu64 ",\"bulk_fs\":%" PRIu64 "}",
		name, end->insns - begin->insns,
		end->user_insns - begin->user_insns,
		end->irq_insns - begin->irq_insns, end->irqs - begin->irqs,
		end->irq_fs - begin->irq_fs, end->near - begin->near,
		end->far - begin->far, end->stall_fs - begin->stall_fs,
		end->pause_fs - begin->pause_fs,
		end->bulk_bytes - begin->bulk_bytes,
		end->bulk_fs - begin->bulk_fs);
}

static void write_cpus(const struct sim *sim, FILE *file)
{
	const struct window *window = &sim->window;
	// A window that is not closed has no figures.
	const bool closed = window->state == WINDOW_CLOSED;

	fprintf(file, "\"cpus\":[");
	for (unsigned int i = 0; i < sim->machine.cpus; i++) {
		fprintf(file, "%s\n{\"socket\":%u,\"fs\":%" PRIu64 ",",
			i ? "," : "", sim->machine.socket[i],
			closed ? window->end_now[i] - window->begin_now[i] : 0);
		write_counters(file, "window", &window->begin[i],
			       closed ? &window->end[i] : &window->begin[i]);
		fprintf(file, "}");
	}
	fprintf(file, "]");
}

static void write_peeks(const struct machine *machine, FILE *file)
{
	const char *comma = "";

	fprintf(file, ",\n\"peeks\":{");
	for (unsigned int i = 0; i < machine->peek_count; i++) {
		const struct peek *peek = &machine->peeks[i];

		if (!peek->done)
			continue;
		fprintf(file, "%s\"%#" PRIx64 "\":\"%#" PRIx64 "\"", comma,
			peek->address, peek->value);
		comma = ",";
	}
	fprintf(file, "}");
}

// Rows of (key, key) with a number and fs, the dearest first.
static void write_times(struct tally *tally, const char *name, FILE *file)
{
	tally_sort(tally, by_second);
	fprintf(file, ",\n\"%s\":[", name);
	for (size_t i = 0; i < tally->used && i < OUTPUT_WAITS; i++) {
		const struct tally_row *row = &tally->rows[i];

		fprintf(file,
			"%s\n[\"%#" PRIx64 "\",\"%#" PRIx64 "\",%" PRIu64
			",%" PRIu64 "]",
			i ? "," : "", row->key[0], row->key[1], row->count[0],
			row->count[1]);
	}
	fprintf(file, "]");
}

static size_t find_hot(struct sim *sim, struct hot *hot)
{
	const struct tally *table = &sim->transfers;
	size_t lines = 0;

	for (size_t i = 0; i < table->used; i++) {
		const struct tally_row *row = &table->rows[i];

		if (!lines || hot[lines - 1].line != row->key[0])
			hot[lines++] =
				(struct hot){.line = row->key[0], .first = i};
		struct hot *own = &hot[lines - 1];

		own->rows++;
		for (int j = 0; j < TALLY_COUNTS; j++)
			own->count[j] += row->count[j];
		own->fs += cost(&sim->machine, row->count);
	}
	qsort(hot, lines, sizeof(*hot), by_fs);
	return lines;
}

static void write_hot(const struct sim *sim, const struct hot *hot,
		      size_t lines, FILE *file)
{
	fprintf(file, ",\n\"lines_moved\":%zu,\n\"lines\":[", lines);
	for (size_t i = 0; i < lines && i < OUTPUT_LINES; i++) {
		fprintf(file, "%s\n{\"line\":\"%#" PRIx64 "\",\"moves\":[",
			i ? "," : "", hot[i].line);
		write_counts(file, hot[i].count);
		fprintf(file, "],\"pairs\":[");
		for (size_t j = 0; j < hot[i].rows; j++) {
			const struct tally_row *row =
				&sim->transfers.rows[hot[i].first + j];

			fprintf(file, "%s[\"%#" PRIx64 "\",\"%#" PRIx64 "\",",
				j ? "," : "", row->key[1] >> 32,
				row->key[1] & UINT32_MAX);
			write_counts(file, row->count);
			fprintf(file, "]");
		}
		fprintf(file, "]}");
	}
	fprintf(file, "]");
}

int output_write(struct sim *sim, FILE *file)
{
	const struct window *window = &sim->window;

	tally_sort(&sim->transfers, by_key);
	struct hot *hot = calloc(sim->transfers.used + 1, sizeof(*hot));

	if (!hot)
		return -1;
	const size_t lines = find_hot(sim, hot);

	fprintf(file,
		"{\"lockstep\":%d,\"told_apart\":%s,\"told\":%u,\"begun\":%u,"
		"\"ended\":%u,\"fs\":%" PRIu64 ",\"lost\":%" PRIu64
		",\"outside\":%" PRIu64 ",\"dropped\":%" PRIu64 ",\n",
		OUTPUT_FORMAT, sim->confused ? "false" : "true", sim->told,
		window->begun, window->ended,
		window->state == WINDOW_CLOSED
			? window->end_fs - window->begin_fs
			: 0,
		sim->clocks.lost, sim->lines.outside,
		sim->transfers.dropped + sim->waits.dropped +
			sim->pauses.dropped);
	write_cpus(sim, file);
	write_peeks(&sim->machine, file);
	write_times(&sim->waits, "waits", file);
	write_times(&sim->pauses, "pauses", file);
	write_hot(sim, hot, lines, file);
	fprintf(file, "}\n");
	free(hot);
	return ferror(file) ? -1 : 0;
}
