// SPDX-License-Identifier: GPL-2.0-only
// The document and the table of a run.
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/unit/c/two_workers.h"
#include "workloads/swapstorm/report.h"
#include "workloads/swapstorm/table.h"

// The document or the table, as that function writes it.
static void as_written(void (*by)(const struct report *, struct out *),
		       const struct report *report, char *text, size_t size)
{
	struct out out = {.fd = memfd_create("written", MFD_CLOEXEC)};

	by(report, &out);
	assert_int_equal(out_flush(&out), 0);
	assert_true(pread(out.fd, text, size - 1, 0) > 0);
	close(out.fd);
}

// The whole document, of a run with one page of each kind of damage.
static void test_document(void **state)
{
	struct fixture *f = *state;
	struct worker *a = &f->workers[0];
	struct worker *b = &f->workers[1];
	struct options options = {.threads = 2,
				  .pattern = &pattern_sequential,
				  .passes = 3,
				  .seed = 9,
				  .sample_ms = 20};
	struct memory memory = {.total = 268435456};
	struct phases phases = {.fill = {{10, 1, 0}, {20, 2, 0}},
				.has_steady = true,
				.steady = {{20, 2, 0}, {30, 50, 1}},
				.teardown = {{30, 50, 1}, {40, 60, 2}}};
	struct series series = {.interval_ns = 0};
	struct report report = {&options, &memory, &f->crew, f->workers,
				&phases,  &series, NULL};
	char text[4096] = "";
	char expected[4096];

	worker_write(a);
	worker_write(b);
	memset(page_of(a, 4), 0, PAGE);
	stamp_write(&f->crew.content, page_of(a, 6),
		    &(struct stamp_id){0, 6, 2});
	memcpy(page_of(a, 39), page_of(b, 39), PAGE);
	page_of(b, 0)[PAGE - 1] ^= 0x80;
	worker_verify(a);
	worker_verify(b);
	a->begin_ns = 5;
	a->end_ns = 2500000005;
	a->steady_begin_pages = 10;
	a->steady_end_pages = 95;
	as_written(report_write, &report, text, sizeof(text));
	snprintf(expected, sizeof(expected),
		 "{\"swapstorm\": 1,\n \"seed\": 9,\n \"threads\": 2,\n"
		 " \"page_size\": 4096,\n \"mem_total_bytes\": 268435456,\n"
		 " \"region_bytes_per_thread\": 163840,\n"
		 " \"pattern\": {\"name\": \"sequential\", "
		 "\"reads_percent\": 0},\n"
		 " \"content\": {\"compressible_percent\": 0, "
		 "\"same_filled\": false, \"bare\": false},\n"
		 " \"processes\": false,\n \"together\": false,\n \"region\": "
		 "\"private\",\n"
		 " \"thp\": \"never\",\n \"pageout_pages\": 0,\n"
		 " \"memcg_bytes\": 0,\n \"rate_per_s\": null,\n"
		 " \"passes\": 3,\n"
		 " \"time_limit_s\": null,\n \"sample_interval_ms\": 20,\n"
		 " \"phases\": {\n"
		 "  \"fill\": {\"begin_ns\": 10, \"end_ns\": 20, "
		 "\"pswpout_begin\": 1, \"pswpout_end\": 2, "
		 "\"pswpin_begin\": 0, \"pswpin_end\": 0},\n"
		 "  \"steady\": {\"begin_ns\": 20, \"end_ns\": 30, "
		 "\"pswpout_begin\": 2, \"pswpout_end\": 50, "
		 "\"pswpin_begin\": 0, \"pswpin_end\": 1},\n"
		 "  \"teardown\": {\"begin_ns\": 30, \"end_ns\": 40, "
		 "\"pswpout_begin\": 50, \"pswpout_end\": 60, "
		 "\"pswpin_begin\": 1, \"pswpin_end\": 2},\n"
		 "  \"verify\": null,\n  \"swapin\": null,\n"
		 "  \"swapoff\": null,\n  \"free\": null\n },\n"
		 " \"per_thread\": [\n"
		 "  {\"thread\": 0, \"pages_written\": 120, \"pages_read\": 0, "
		 "\"steady_pages\": 85, \"write_seconds\": 2.500000000, "
		 "\"user_us\": 0, \"system_us\": 0},\n"
		 "  {\"thread\": 1, \"pages_written\": 120, \"pages_read\": 0, "
		 "\"steady_pages\": 0, \"write_seconds\": 0.000000000, "
		 "\"user_us\": 0, \"system_us\": 0}\n ],\n"
		 " \"fairness\": {\"min_max\": 0.000000, "
		 "\"jain\": 0.500000},\n"
		 " \"latency_ns\": null,\n \"series\": null,\n"
		 " \"verification\": {\"done\": true, \"pages\": 80, "
		 "\"stamps\": 160, \"bad\": 4, \"first_bad\": [\n"
		 "  {\"thread\": 0, \"page\": 4, \"offset\": 0, "
		 "\"kind\": \"lost\", \"wrong_bits\": %u, "
		 "\"found\": \"all zeroes\", "
		 "\"expected\": \"thread 0 page 4 generation 3\"},\n"
		 "  {\"thread\": 0, \"page\": 6, \"offset\": 16, "
		 "\"kind\": \"stale\", \"wrong_bits\": %u, "
		 "\"found\": \"thread 0 page 6 generation 2\", "
		 "\"expected\": \"thread 0 page 6 generation 3\"},\n"
		 "  {\"thread\": 0, \"page\": 39, \"offset\": 4, "
		 "\"kind\": \"foreign\", \"wrong_bits\": %u, "
		 "\"found\": \"thread 1 page 39 generation 3\", "
		 "\"expected\": \"thread 0 page 39 generation 3\"},\n"
		 "  {\"thread\": 1, \"page\": 0, \"offset\": 4095, "
		 "\"kind\": \"corrupt\", \"wrong_bits\": 1, "
		 "\"found\": \"byte 0x%02x\", \"expected\": \"byte "
		 "0x%02x\"}]},\n"
		 " \"outcome\": \"bad-pages\"}\n",
		 a->first_bad[0].wrong_bits, a->first_bad[1].wrong_bits,
		 a->first_bad[2].wrong_bits, page_of(b, 0)[PAGE - 1] ^ 0x80u,
		 page_of(b, 0)[PAGE - 1]);
	assert_string_equal(text, expected);
}

// The parts that are there only if asked for.
static void test_document_with_times(void **state)
{
	struct fixture *f = *state;
	struct options options = {.threads = 2,
				  .passes = 1,
				  .pattern = &pattern_zipf,
				  .rate = 500,
				  .settings = {.zipf_theta_micro = 990000}};
	struct memory memory = {.total = 1};
	struct phases phases = {.now = PHASE_WRITTEN};
	uint64_t *rows = calloc(1, series_bytes(2));
	struct series series;
	struct report report = {&options, &memory, &f->crew, f->workers,
				&phases,  &series, NULL};
	char text[8192] = "";

	series_init(&series, 2, 1000000, rows);
	*series_add(&series, 5) = (struct series_row){5, 10, 2, 3, 400};
	series_done(&series, 0)[1] = 77;
	*series_add(&series, 1000005) =
		(struct series_row){1000005, 11, 2, 3, 390};
	f->crew.latency = true;
	for (unsigned int i = 0; i < 2; i++) {
		f->workers[i].latency = calloc(1, sizeof(struct latency));
		for (uint64_t ns = 1; ns <= 50; ns++)
			hist_add(&f->workers[i].latency->of[TOUCH_SWAP_IN], ns);
	}
	as_written(report_write, &report, text, sizeof(text));
	assert_non_null(strstr(text, " \"pattern\": {\"name\": \"zipf\", "
				     "\"theta\": 0.990000, "));
	assert_non_null(strstr(text, " \"rate_per_s\": 500,\n"));
	assert_non_null(strstr(
		text, "  \"swap_in\": {\"count\": 100, \"mean\": 25, "
		      "\"p50\": 25, \"p90\": 45, \"p95\": 48, \"p99\": 50, "
		      "\"p99.9\": 50, \"p99.99\": 50, \"max\": 50}},\n"));
	assert_non_null(strstr(text,
			       "\"rows\": [\n  [5, 10, 2, 3, 400, [0, 77]],\n"
			       "  [1000005, 11, 2, 3, 390, [0, 0]]]},\n"));
	for (unsigned int i = 0; i < 2; i++)
		free(f->workers[i].latency);
	free(rows);
}

// Two threads of which one got on three times as fast, and their touches.
static void test_table(void **state)
{
	struct fixture *f = *state;
	struct options options = {
		.threads = 2, .pattern = &pattern_sequential, .seed = 9};
	struct memory memory = {.total = 268435456};
	struct phases phases = {
		.has_steady = true,
		.fill = {{0, 0, 0}, {1000000000, 1, 0}},
		.steady = {{1000000000, 1, 0}, {3000000000, 1025, 3}},
		.teardown = {{3000000000, 1025, 3}, {3500000000, 1030, 3}}};
	struct series series = {.interval_ns = 0};
	struct report report = {&options, &memory, &f->crew, f->workers,
				&phases,  &series, NULL};
	char text[4096] = "";

	worker_write(&f->workers[0]);
	page_of(&f->workers[0], 4)[100] ^= 1;
	worker_verify(&f->workers[0]);
	f->workers[0].begin_ns = 0;
	f->workers[0].end_ns = 3000000000;
	f->workers[0].steady_end_pages = 768;
	f->workers[1].steady_end_pages = 256;
	f->crew.latency = true;
	for (unsigned int i = 0; i < 2; i++) {
		f->workers[i].latency = calloc(1, sizeof(struct latency));
		hist_add(&f->workers[i].latency->of[TOUCH_SWAP_IN], 2000);
	}
	as_written(table_write, &report, text, sizeof(text));
	assert_string_equal(
		text,
		"2 threads of 0.2 MiB each, 256.0 MiB of RAM, pattern "
		"sequential, seed 9\n\n"
		"phase        seconds  swapped out      MiB/s   swapped in\n"
		"fill           1.000            1        0.0            0\n"
		"steady         2.000         1024        2.0            3\n"
		"teardown       0.500            5        0.0            0\n\n"
		"thread      written         read       steady    share      "
		"MiB/s    seconds\n"
		"0               120            0          768   75.00%        "
		"1.5      3.000\n"
		"1                 0            0          256   25.00%        "
		"0.5      0.000\n"
		"fairness in the steady phase: min/max 0.3333, Jain 0.8000\n"
		"\ntouch, us       count      mean       p50       p90       "
		"p95       p99     p99.9    p99.99       max\n"
		"first_touch         0      0.00      0.00      0.00      "
		"0.00      0.00      0.00      0.00      0.00\n"
		"resident            0      0.00      0.00      0.00      "
		"0.00      0.00      0.00      0.00      0.00\n"
		"swap_in             2      2.00      2.00      2.00      "
		"2.00      2.00      2.00      2.00      2.00\n"
		"\nverified: 40 pages, 1 of them bad\n"
		"  thread 0 page 4 offset 100: corrupt\n"
		"\noutcome: bad-pages\n");
	for (unsigned int i = 0; i < 2; i++)
		free(f->workers[i].latency);
}

// Without a steady phase no thread has a share of it.
static void test_table_without_a_steady_phase(void **state)
{
	struct fixture *f = *state;
	struct options options = {.threads = 2,
				  .processes = true,
				  .pattern = &pattern_sequential};
	struct memory memory = {.total = 268435456};
	struct phases phases = {.now = PHASE_WRITTEN};
	struct series series = {.interval_ns = 0};
	struct report report = {&options, &memory, &f->crew, f->workers,
				&phases,  &series, NULL};
	char text[4096] = "";

	f->crew.verify = false;
	as_written(table_write, &report, text, sizeof(text));
	assert_non_null(strstr(text, "2 processes of "));
	assert_null(strstr(text, "\nsteady "));
	assert_null(strstr(text, "fairness"));
	assert_null(strstr(text, "touch"));
	assert_null(strstr(text, "verified"));
	assert_non_null(strstr(text, "\noutcome: no-pressure\n"));
}

static void test_output_that_cannot_be_written(void **state)
{
	struct out out = {.fd = -1};

	(void)state;
	for (int i = 0; i < 1000; i++)
		out_text(&out, "0123456789");
	assert_int_not_equal(out_flush(&out), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CREW(test_document),
		WITH_CREW(test_document_with_times),
		WITH_CREW(test_table),
		WITH_CREW(test_table_without_a_steady_phase),
		cmocka_unit_test(test_output_that_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
