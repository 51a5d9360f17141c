// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "torture_report.h"

static void number(struct out *out, const char *name, uint64_t value)
{
	out_text(out, ", \"%s\": %" PRIu64, name, value);
}

static void scenario(struct out *out, const char *name, const struct deed *deed)
{
	const struct vmcounts *counters = &deed->counters;

	out_text(out,
		 "  {\"name\": \"%s\", \"seconds\": %" PRIu64 ".%03" PRIu64
		 ", \"cut\": %s",
		 name, counters->ns / 1000000000, counters->ns / 1000000 % 1000,
		 deed->cut ? "true" : "false");
	number(out, "verified", deed->verified);
	number(out, "bad", deed->bad);
	number(out, "pageouts", deed->pageouts);
	number(out, "forks", deed->forks);
	number(out, "swapoffs", deed->swapoffs);
	number(out, "refusals", deed->refusals);
	number(out, "exhausted", deed->exhausted);
	number(out, "injections", deed->injections);
	number(out, "merged", deed->merged);
	number(out, "merged_out", deed->merged_out);
	number(out, "poisoned", deed->poisoned);
	number(out, "survived", deed->survived);
	number(out, "pswpout", counters->pswpout);
	number(out, "pswpin", counters->pswpin);
	number(out, "pglazyfreed", counters->pglazyfreed);
	number(out, "thp_swpout", counters->thp_swpout);
	number(out, "thp_swpout_fallback", counters->thp_swpout_fallback);
	out_text(out, "}");
}

static void all_scenarios(struct out *out, const struct report *report)
{
	const unsigned int asked = report->torture->options.scenarios;
	const char *comma = "";

	out_text(out, " \"scenarios\": [\n");
	for (unsigned int i = 0; i < SCENARIOS; i++) {
		if (!(asked & 1u << i))
			continue;
		out_text(out, "%s", comma);
		scenario(out, scenarios[i].name, &report->deeds[i]);
		comma = ",\n";
	}
	out_text(out, "\n ],\n");
}

static void verification(struct out *out, const struct tally *tally)
{
	const char *comma = "";

	out_text(out,
		 " \"verification\": {\"done\": true, \"pages\": %" PRIu64
		 ", \"bad\": %" PRIu64 ", \"first_bad\": [",
		 tally->verified, tally->bad);
	for (uint64_t i = 0; i < tally->bad && i < TALLY_FIRST_BAD; i++) {
		const struct finding *finding = &tally->first_bad[i];

		out_text(out,
			 "%s\n  {\"thread\": %" PRIu32 ", \"page\": %" PRIu64
			 ", \"generation\": %" PRIu64 ", \"offset\": %" PRIu32
			 ", \"kind\": \"%s\", \"wrong_bits\": %" PRIu32 "}",
			 comma, finding->expected.thread,
			 finding->expected.page, finding->expected.generation,
			 finding->offset, bad_kind_name(finding->kind),
			 finding->wrong_bits);
		comma = ",";
	}
	out_text(out, "]},\n");
}

// Only digits, paths and words of ours are in these lines: nothing to escape.
static void lines(struct out *out, const char *name,
		  const struct findings *found)
{
	out_text(out, " \"%s\": [", name);
	for (unsigned int i = 0; i < found->count; i++)
		out_text(out, "%s\n  \"%s\"", i ? "," : "", found->lines[i]);
	out_text(out, "],\n");
}

bool report_unsound(const struct report *report)
{
	return report->torture->tally->bad || report->torture->unsound.count;
}

void report_write(const struct report *report, struct out *out)
{
	const struct torture *torture = report->torture;
	const struct options *options = &torture->options;
	const struct leftover *left = report->leftover;

	out_text(out,
		 "{\"swaptorture\": 1,\n \"seed\": %" PRIu64
		 ",\n \"threads\": %u,\n \"rounds\": %" PRIu64
		 ",\n \"lru\": \"%s\",\n \"thp\": \"%s\",\n \"groups\": "
		 "\"%s\",\n"
		 " \"page_size\": %zu,\n \"mem_total_bytes\": %" PRIu64
		 ",\n \"size_bytes\": %" PRIu64 ",\n",
		 options->seed, options->threads, options->rounds,
		 options->mglru ? "mglru" : "classic",
		 options->huge ? "always" : "never",
		 options->old_groups ? "v1" : "v2", torture->content.page_size,
		 torture->mem_total, options->size);
	all_scenarios(out, report);
	verification(out, torture->tally);
	lines(out, "missed", &torture->missed);
	lines(out, "unsound", &torture->unsound);
	if (left)
		out_text(out,
			 " \"left\": {\"slots\": %" PRIu64
			 ", \"swap_cached\": %" PRIu64
			 ", \"isolated\": %" PRIu64 ", \"lost\": %" PRIu64
			 "},\n",
			 left->slots, left->swap_cached, left->isolated,
			 left->lost);
	else
		out_text(out, " \"left\": null,\n");
	out_text(out, " \"outcome\": \"%s\"}\n",
		 report_unsound(report)	 ? "unsound"
		 : torture->missed.count ? "missed"
					 : "sound");
}
