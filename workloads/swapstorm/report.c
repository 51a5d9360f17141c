// SPDX-License-Identifier: GPL-2.0-only
#include <inttypes.h>

#include "report.h"
#include "report_extra.h"

#define FIRST_BAD 16

static void seconds(struct out *out, uint64_t ns)
{
	out_text(out, "%" PRIu64 ".%09" PRIu64, ns / 1000000000,
		 ns % 1000000000);
}

static void span(struct out *out, const char *name, bool there,
		 const struct span *span, const char *end)
{
	if (!there) {
		out_text(out, "  \"%s\": null%s\n", name, end);
		return;
	}
	out_text(out,
		 "  \"%s\": {\"begin_ns\": %" PRIu64 ", \"end_ns\": %" PRIu64
		 ", \"pswpout_begin\": %" PRIu64 ", \"pswpout_end\": %" PRIu64
		 ", \"pswpin_begin\": %" PRIu64 ", \"pswpin_end\": %" PRIu64
		 "}%s\n",
		 name, span->begin.t_ns, span->end.t_ns, span->begin.pswpout,
		 span->end.pswpout, span->begin.pswpin, span->end.pswpin, end);
}

static void load(struct out *out, const struct options *options)
{
	const struct pattern *pattern = options->pattern;
	const struct pattern_settings *settings = &options->settings;

	out_text(out, " \"pattern\": {\"name\": \"%s\"", pattern->name);
	if (pattern == &pattern_strided)
		out_text(out, ", \"stride_pages\": %" PRIu64, settings->stride);
	if (pattern == &pattern_zipf)
		out_text(out, ", \"theta\": %" PRIu64 ".%06" PRIu64,
			 settings->zipf_theta_micro / PATTERN_MICRO,
			 settings->zipf_theta_micro % PATTERN_MICRO);
	if (pattern == &pattern_hotcold)
		out_text(out,
			 ", \"hot_pages_percent\": %" PRIu64
			 ", \"hot_accesses_percent\": %" PRIu64
			 ", \"hot_shift_percent\": %" PRIu64,
			 settings->hot_percent, settings->hot_accesses,
			 settings->hot_shift);
	out_text(out,
		 ", \"reads_percent\": %" PRIu64
		 "},\n \"content\": {\"compressible_percent\": %" PRIu64
		 ", \"same_filled\": %s, \"bare\": %s},\n",
		 settings->read_percent, options->compressible,
		 options->same_filled ? "true" : "false",
		 options->bare ? "true" : "false");
	out_text(out,
		 " \"processes\": %s,\n \"together\": %s,\n \"region\": "
		 "\"%s\",\n \"thp\": "
		 "\"%s\",\n \"pageout_pages\": %" PRIu64
		 ",\n \"memcg_bytes\": %" PRIu64 ",\n",
		 options->processes ? "true" : "false",
		 options->together ? "true" : "false",
		 options_region(options->region), options_thp(options->thp),
		 options->pageout, options->memcg);
	if (options->rate)
		out_text(out, " \"rate_per_s\": %" PRIu64 ",\n", options->rate);
	else
		out_text(out, " \"rate_per_s\": null,\n");
}

static void per_thread(struct out *out, const struct report *report)
{
	const struct list *nodes = &report->options->nodes;

	out_text(out, " \"per_thread\": [\n");
	for (unsigned int i = 0; i < report->crew->threads; i++) {
		const struct worker *worker = &report->workers[i];

		out_text(out,
			 "  {\"thread\": %u, \"pages_written\": %" PRIu64
			 ", \"pages_read\": %" PRIu64
			 ", \"steady_pages\": %" PRIu64 ", \"write_seconds\": ",
			 i, worker->written, worker->read,
			 worker_steady(worker));
		seconds(out, worker->end_ns - worker->begin_ns);
		out_text(out,
			 ", \"user_us\": %" PRIu64 ", \"system_us\": %" PRIu64,
			 worker->user_us, worker->system_us);
		if (nodes->count)
			out_text(out,
				 ", \"node\": %u, \"pages_on_node\": %" PRIu64
				 ", \"pages_elsewhere\": %" PRIu64,
				 list_at(nodes, i), worker->placement.on_node,
				 worker->placement.elsewhere);
		out_text(out, "}%s\n",
			 i + 1 < report->crew->threads ? "," : "");
	}
	out_text(out, " ],\n");
}

static void stamp_id(struct out *out, const char *name,
		     const struct stamp_id *id)
{
	out_text(out,
		 ", \"%s\": \"thread %" PRIu32 " page %" PRIu64
		 " generation %" PRIu64 "\"",
		 name, id->thread, id->page, id->generation);
}

static void bad_page(struct out *out, const struct finding *finding)
{
	out_text(out,
		 "{\"thread\": %" PRIu32 ", \"page\": %" PRIu64
		 ", \"offset\": %" PRIu32
		 ", \"kind\": \"%s\", \"wrong_bits\": %" PRIu32,
		 finding->expected.thread, finding->expected.page,
		 finding->offset, bad_kind_name(finding->kind),
		 finding->wrong_bits);
	switch (finding->kind) {
	case BAD_LOST:
		out_text(out, ", \"found\": \"all zeroes\"");
		stamp_id(out, "expected", &finding->expected);
		break;
	case BAD_STALE:
	case BAD_FOREIGN:
		stamp_id(out, "found", &finding->found);
		stamp_id(out, "expected", &finding->expected);
		break;
	case BAD_CORRUPT:
		out_text(out,
			 ", \"found\": \"byte 0x%02x\", \"expected\": \"byte "
			 "0x%02x\"",
			 finding->found_byte, finding->expected_byte);
		break;
	}
	out_text(out, "}");
}

static void verification(struct out *out, const struct report *report)
{
	uint64_t verified = 0;
	uint64_t stamps = 0;
	unsigned int shown = 0;

	for (unsigned int i = 0; i < report->crew->threads; i++) {
		verified += report->workers[i].verified;
		stamps += report->workers[i].stamps;
	}
	out_text(out,
		 " \"verification\": {\"done\": %s, \"pages\": %" PRIu64
		 ", \"stamps\": %" PRIu64 ", \"bad\": %" PRIu64
		 ", \"first_bad\": [",
		 report->crew->verify ? "true" : "false", verified, stamps,
		 report_bad_pages(report));
	for (unsigned int i = 0; i < report->crew->threads; i++) {
		const struct worker *worker = &report->workers[i];

		for (uint64_t j = 0; j < worker->bad && j < WORKER_FIRST_BAD &&
				     shown < FIRST_BAD;
		     j++) {
			out_text(out, shown++ ? ",\n  " : "\n  ");
			bad_page(out, &worker->first_bad[j]);
		}
	}
	out_text(out, "]},\n");
}

uint64_t report_bad_pages(const struct report *report)
{
	uint64_t bad = 0;

	for (unsigned int i = 0; i < report->crew->threads; i++)
		bad += report->workers[i].bad;
	return bad;
}

const char *report_outcome(const struct report *report)
{
	return report_bad_pages(report) ? "bad-pages"
					: phases_outcome(report->phases);
}

void report_write(const struct report *report, struct out *out)
{
	const struct options *options = report->options;
	const struct phases *phases = report->phases;

	out_text(out,
		 "{\"swapstorm\": 1,\n \"seed\": %" PRIu64
		 ",\n \"threads\": %" PRIu64
		 ",\n \"page_size\": %zu,\n \"mem_total_bytes\": %" PRIu64
		 ",\n \"region_bytes_per_thread\": %" PRIu64 ",\n",
		 options->seed, options->threads,
		 report->crew->content.page_size, report->memory->total,
		 report->crew->share * report->crew->content.page_size);
	load(out, options);
	if (options->time_limit_us) {
		out_text(out, " \"passes\": null,\n \"time_limit_s\": ");
		seconds(out, options->time_limit_us * 1000);
	} else {
		out_text(out,
			 " \"passes\": %" PRIu64 ",\n \"time_limit_s\": null",
			 options->passes);
	}
	out_text(out,
		 ",\n \"sample_interval_ms\": %" PRIu64 ",\n \"phases\": {\n",
		 options->sample_ms);
	span(out, "fill", true, &phases->fill, ",");
	span(out, "steady", phases->has_steady, &phases->steady, ",");
	span(out, "teardown", true, &phases->teardown, ",");
	span(out, "verify", phases->has_verify, &phases->verify, ",");
	report_after(report, out);
	out_text(out, " },\n");
	per_thread(out, report);
	report_fairness(report, out);
	report_latency(report, out);
	report_series(report, out);
	verification(out, report);
	out_text(out, " \"outcome\": \"%s\"}\n", report_outcome(report));
}
