// SPDX-License-Identifier: GPL-2.0-only
// swapkv: a key-value server whose data does not fit in its memory control
// group, under its own benchmark.  It starts the server in the group, fills it,
// runs the benchmark, tells the agent of the steady phase, reads every value
// back, and prints one JSON document with what the benchmark printed.
//
// swapkv(1) has its options and its document.
#include "dataset.h"
#include "server.h"

#include "workloads/lib/choices.h"
#include "workloads/lib/complaint.h"
#include "workloads/lib/watch.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
	MOST_TABLE = 2048, // bytes of what the benchmark prints
};

struct keyvalue {
	const char *server_program, *client_program, *folder, *operations;
	const char *memcg_set;
	struct dataset dataset;
	uint64_t requests, clients, pipeline, limit;
	bool verify;
	struct memcg memcg;
	struct watch watch;
	struct started server, client;
	int fd; // to the server
	struct watch_work work;
	struct checked checked;
	char table[MOST_TABLE];
};

static const char help[] =
	"usage: swapkv --server PATH --client PATH --folder FOLDER [--memcg "
	"SIZE]\n"
	"              [--memcg-set LIST]\n"
	"              [--keys N] [--value BYTES] [--seed N] [--operations "
	"LIST]\n"
	"              [--requests N] [--clients N] [--pipeline N] [--verify]\n"
	"              [--notify-fd FD] [--progress-fd FD]\n"
	"Fill a key-value server, run its own benchmark on it, and print one "
	"JSON document\n"
	"of that and of what it made the kernel swap out.\n";

static int take_options(struct keyvalue *self, int argc, char **argv,
			struct error *error)
{
	const struct choice choices[] = {
		{"server", CHOICE_NEEDED, &self->server_program, 0, 0},
		{"client", CHOICE_NEEDED, &self->client_program, 0, 0},
		{"folder", CHOICE_NEEDED, &self->folder, 0, 0},
		{"memcg", CHOICE_SIZE, &self->limit, 0, 0},
		{"memcg-set", CHOICE_TEXT, &self->memcg_set, 0, 0},
		{"keys", CHOICE_NUMBER, &self->dataset.keys, 1,
		 DATASET_MOST_KEYS},
		{"value", CHOICE_NUMBER, &self->dataset.value, 1,
		 DATASET_MOST_VALUE},
		{"seed", CHOICE_NUMBER, &self->dataset.seed, 0, UINT64_MAX},
		{"operations", CHOICE_TEXT, &self->operations, 0, 0},
		{"requests", CHOICE_NUMBER, &self->requests, 1,
		 SERVER_MOST_REQUESTS},
		{"clients", CHOICE_NUMBER, &self->clients, 1,
		 SERVER_MOST_CLIENTS},
		{"pipeline", CHOICE_NUMBER, &self->pipeline, 1,
		 SERVER_MOST_PIPELINE},
		{"verify", CHOICE_FLAG, &self->verify, 0, 0},
		{"notify-fd", CHOICE_NOTIFY, &self->watch, 0, 0},
		{"progress-fd", CHOICE_PROGRESS, &self->watch, 0, 0},
		{NULL, CHOICE_FLAG, NULL, 0, 0},
	};

	if (choices_take(choices, help, argc, argv, error))
		return -1;
	if (self->verify && strcmp(self->operations, "get") != 0)
		return error_set(error, "--verify: other operations than get "
					"change the values");
	return 0;
}

// The server is there, in its group, and holds all keys.
static int set_up(struct keyvalue *self, struct error *error)
{
	const struct memcg *memcg = self->limit ? &self->memcg : NULL;

	if (started_folder(self->folder, error))
		return -1;
	if (memcg && memcg_make(&self->memcg, "swapkv", self->limit,
				self->memcg_set, error))
		return -1;
	if (server_start(&self->server, self->server_program, self->folder,
			 memcg, error))
		return -1;
	self->fd = server_connect(&self->server, self->folder, error);
	return self->fd < 0 ? -1
			    : dataset_fill(&self->dataset, self->fd, error);
}

static int start_client(struct keyvalue *self, struct error *error)
{
	char socket[128], keys[24], value[24], requests[24], clients[24],
		pipeline[24];
	const char *const argv[] = {self->client_program,
				    "-s",
				    socket,
				    "-t",
				    self->operations,
				    "-r",
				    keys,
				    "-d",
				    value,
				    "-n",
				    requests,
				    "-c",
				    clients,
				    "-P",
				    pipeline,
				    "--csv",
				    NULL};

	server_socket(socket, sizeof(socket), self->folder);
	snprintf(keys, sizeof(keys), "%" PRIu64, self->dataset.keys);
	snprintf(value, sizeof(value), "%" PRIu64, self->dataset.value);
	snprintf(requests, sizeof(requests), "%" PRIu64, self->requests);
	snprintf(clients, sizeof(clients), "%" PRIu64, self->clients);
	snprintf(pipeline, sizeof(pipeline), "%" PRIu64, self->pipeline);
	const struct start start = {.argv = argv};

	return started_run(&self->client, &start, error);
}

// Until the benchmark has ended and the agent knows it.
static int wait_for_client(struct keyvalue *self, struct error *error)
{
	bool ended = false;

	while (!ended || watch_busy(&self->watch)) {
		if (watch_look(&self->watch, WATCH_LOOK_MS, error))
			return -1;
		if (started_gone(&self->server))
			return complaint_set(error, "the server",
					     self->server.status,
					     self->server.out);
		if (ended || !started_gone(&self->client))
			continue;
		ended = true;
		self->work.end = self->watch.now;
		watch_end_steady(&self->watch);
		if (self->client.status)
			return complaint_set(error, "the benchmark",
					     self->client.status,
					     self->client.err);
	}
	return 0;
}

static int work(struct keyvalue *self, struct error *error)
{
	struct dataset_cpu before, after;

	if (dataset_cpu(self->fd, &before, error) ||
	    watch_begin(&self->watch, error))
		return -1;
	self->work.begin = self->watch.now;
	if (start_client(self, error) || wait_for_client(self, error) ||
	    dataset_cpu(self->fd, &after, error))
		return -1;
	self->work.done = self->requests;
	self->work.user_us = after.user_us - before.user_us;
	self->work.system_us = after.system_us - before.system_us;
	const ssize_t got = pread(self->client.out, self->table,
				  sizeof(self->table) - 1, 0);

	self->table[got > 0 ? got : 0] = '\0';
	if (self->verify &&
	    dataset_verify(&self->dataset, self->fd, &self->checked, error))
		return -1;
	return watch_end(&self->watch, error) ||
			       server_stop(&self->server, error)
		       ? -1
		       : 0;
}

static void print_table(const struct keyvalue *self, struct out *out)
{
	out_text(out, " \"benchmark\": \"");
	for (const char *at = self->table; *at; at++) {
		if (*at == '\n')
			out_text(out, "\\n");
		else if (*at == '"' || *at == '\\')
			out_text(out, "\\%c", *at);
		else if (*at >= ' ' && *at < 127)
			out_text(out, "%c", *at);
	}
	out_text(out, "\",\n");
}

static int print(const struct keyvalue *self)
{
	struct out out = {.fd = 1};

	out_text(&out,
		 "{\n \"swapkv\": 1,\n \"page_size\": %ld,\n \"keys\": %" PRIu64
		 ",\n \"value_bytes\": %" PRIu64 ",\n \"clients\": %" PRIu64
		 ",\n \"pipeline\": %" PRIu64 ",\n \"seed\": %" PRIu64
		 ",\n \"memcg_bytes\": %" PRIu64 ",\n",
		 sysconf(_SC_PAGESIZE), self->dataset.keys, self->dataset.value,
		 self->clients, self->pipeline, self->dataset.seed,
		 self->limit);
	watch_print(&self->watch, &out);
	out_text(&out, ",\n");
	watch_print_work(&self->work, &out);
	out_text(&out, "},\n");
	print_table(self, &out);
	checked_print(&self->checked, self->verify, &out);
	out_text(&out, ",\n \"per_thread\": []\n}\n");
	return out_flush(&out);
}

int main(int argc, char **argv)
{
	static struct keyvalue self = {
		.operations = "get",
		.dataset = {.seed = 1, .keys = 100000, .value = 512},
		.requests = 100000,
		.clients = 1,
		.pipeline = 1,
		.watch = {.notify_fd = -1},
		.fd = -1,
	};
	struct error error;

	if (take_options(&self, argc, argv, &error)) {
		fprintf(stderr, "swapkv: %s\n", error.line);
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (set_up(&self, &error) || work(&self, &error)) {
		started_kill(&self.client);
		started_kill(&self.server);
		memcg_leave(&self.memcg);
		fprintf(stderr, "swapkv: %s\n", error.line);
		return 1;
	}
	memcg_leave(&self.memcg);
	return print(&self) ? 1 : 0;
}
