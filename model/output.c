// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "output.h"

/* Nine digits: more than any input is known to, and exact enough to compare. */
#define NUMBER "%.9g"

static void json_lock(FILE *to, const struct lock *lock,
		      const struct lock_share *share)
{
	fprintf(to,
		"{\"name\":\"%s\",\"utilisation\":" NUMBER
		",\"wait_share\":" NUMBER ",\"hold_share\":" NUMBER "}",
		lock->name, share->utilisation, share->waiting, share->holding);
}

static void json_point(FILE *to, const struct scenario *s,
		       const struct point *point, bool ranges)
{
	fprintf(to,
		"  {\"workers\":%" PRIu32
		",\n   \"pages_per_s\":{\"mean\":" NUMBER ",\"low\":" NUMBER
		",\"high\":" NUMBER ",\"deviation\":" NUMBER
		"},\n   \"bound_pages_per_s\":" NUMBER
		",\"direct_share\":" NUMBER ",\n   \"drawn_pages_per_s\":[",
		point->workers, point->pages_per_s.mean, point->pages_per_s.low,
		point->pages_per_s.high, point->pages_per_s.deviation,
		point->bound, point->direct);
	for (uint32_t i = 0; ranges && i < s->seeds; i++)
		fprintf(to, "%s" NUMBER, i ? "," : "", point->drawn[i]);
	fputs("],\n   \"locks\":[", to);
	for (uint32_t i = 0; i < s->lock_count; i++) {
		fputs(i ? ",\n    " : "\n    ", to);
		json_lock(to, &s->locks[i], &point->locks[i]);
	}
	fputs("]}", to);
}

void output_json(FILE *to, const struct scenario *scenario,
		 const struct projection *p)
{
	fprintf(to,
		"{\"swapsim\":2,\"tier\":\"projected\",\"seed\":%" PRIu64
		",\"seeds\":%" PRIu32 ",\n \"page_s\":" NUMBER ",\n",
		scenario->seed, scenario->seeds, p->page_time);
	if (p->largest_demand > 0)
		fprintf(to,
			" \"saturating_lock\":\"%s\",\"saturation_"
			"workers\":" NUMBER ",\"bound_pages_per_s\":" NUMBER
			",\n",
			scenario->locks[p->saturating].name,
			p->saturation_workers, 1 / p->largest_demand);
	else
		fputs(" \"saturating_lock\":null,\"saturation_workers\":null,"
		      "\"bound_pages_per_s\":null,\n",
		      to);
	fputs(" \"points\":[", to);
	for (uint32_t i = 0; i < p->count; i++) {
		fputs(i ? ",\n" : "\n", to);
		json_point(to, scenario, &p->points[i], p->ranges);
	}
	fputs("]}\n", to);
}

static void table_head(FILE *to, const struct scenario *s,
		       const struct projection *p)
{
	fprintf(to,
		"projected by swapsim, not measured (%" PRIu32
		" seeds from %" PRIu64 ")\n",
		s->seeds, s->seed);
	fprintf(to, "a page without waiting: %.3f us\n", p->page_time * 1e6);
	if (p->largest_demand > 0)
		fprintf(to,
			"saturates first: %s, at %.1f workers; it bounds "
			"throughput by %.0f pages/s\n",
			s->locks[p->saturating].name, p->saturation_workers,
			1 / p->largest_demand);
	else
		fputs("no lock takes any time: nothing saturates\n", to);
	fprintf(to, "\n%7s %12s %12s %12s %12s  %s\n", "workers", "pages/s",
		"lowest", "highest", "bound",
		"lock: busy, waiting (of all workers' time)");
}

void output_table(FILE *to, const struct scenario *scenario,
		  const struct projection *p)
{
	table_head(to, scenario, p);
	for (uint32_t i = 0; i < p->count; i++) {
		const struct point *point = &p->points[i];

		fprintf(to, "%7" PRIu32 " %12.0f %12.0f %12.0f %12.0f",
			point->workers, point->pages_per_s.mean,
			point->pages_per_s.low, point->pages_per_s.high,
			point->bound);
		for (uint32_t j = 0; j < scenario->lock_count; j++)
			fprintf(to, "%s%*s%s: %.1f%%, %.1f%%\n", "", j ? 61 : 2,
				"", scenario->locks[j].name,
				100 * point->locks[j].utilisation,
				100 * point->locks[j].waiting);
		if (!scenario->lock_count)
			fputc('\n', to);
	}
}
