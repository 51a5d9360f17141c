// SPDX-License-Identifier: GPL-2.0-only
// The two programs: a key-value server in a group, and its own benchmark.
#ifndef SWAPKV_SERVER_H
#define SWAPKV_SERVER_H

#include "workloads/lib/error.h"
#include "workloads/lib/memcg.h"

#include <sys/types.h>

enum {
	SERVER_ARGUMENTS = 24,
	SERVER_START_MS = 120000, // of the guest's time, until it answers
	SERVER_END_MS = 60000,
};

struct started {
	pid_t pid;    // 0: has ended
	int out, err; // memory files; the same one for both where it is one
	int status;
};

// Forks and execs; a failed exec is an end with status 127.
int started_run(struct started *started, const char *const *argv,
		const struct memcg *memcg, struct error *error);

// Whether it has ended.
int started_gone(struct started *started);

// Kills it, if it runs.
void started_kill(struct started *started);

// A server on a socket in `folder`, which takes no connection but there, keeps
// nothing on a disk and has no limit of its own.
int server_start(struct started *server, const char *program,
		 const char *folder, const struct memcg *memcg,
		 struct error *error);

// Waits until it answers; a connected socket, or -1.
int server_connect(struct started *server, const char *folder,
		   struct error *error);

// Asks it to end and waits.
int server_stop(struct started *server, struct error *error);

// The path of its socket.
void server_socket(char *path, size_t size, const char *folder);

#endif
