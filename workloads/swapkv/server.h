// SPDX-License-Identifier: GPL-2.0-only
// A key-value server in a group.
#ifndef SWAPKV_SERVER_H
#define SWAPKV_SERVER_H

#include "workloads/lib/started.h"

enum {
	// Of what its benchmark is asked for.
	SERVER_MOST_REQUESTS = 1000000000,
	SERVER_MOST_CLIENTS = 1000,
	SERVER_MOST_PIPELINE = 1000,
	SERVER_START_MS = 120000, // of the guest's time, until it answers
	SERVER_END_MS = 60000,
};

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
