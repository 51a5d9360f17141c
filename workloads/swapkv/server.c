// SPDX-License-Identifier: GPL-2.0-only
#include "server.h"

#include "workloads/lib/complaint.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { LOOK_MS = 10 };

void server_socket(char *path, size_t size, const char *folder)
{
	snprintf(path, size, "%s/server", folder);
}

int server_start(struct started *server, const char *program,
		 const char *folder, const struct memcg *memcg,
		 struct error *error)
{
	char socket[sizeof(((struct sockaddr_un *)0)->sun_path)];
	const char *const argv[] = {program, "--port", "0",    "--unixsocket",
				    socket,  "--save", "",     "--appendonly",
				    "no",    "--dir",  folder, "--daemonize",
				    "no",    NULL};

	if (strlen(folder) + sizeof("/server") > sizeof(socket))
		return error_set(error, "--folder: its name is too long");
	server_socket(socket, sizeof(socket), folder);
	const struct start start = {.argv = argv, .memcg = memcg};

	return started_run(server, &start, error);
}

// What a server says goes to its standard output.
static int server_failed(struct started *server, struct error *error)
{
	char byte;

	return complaint_set(error, "the server", server->status,
			     pread(server->err, &byte, 1, 0) == 1
				     ? server->err
				     : server->out);
}

int server_connect(struct started *server, const char *folder,
		   struct error *error)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_set(error, "a socket: %s", strerror(errno));
	server_socket(address.sun_path, sizeof(address.sun_path), folder);
	for (int waited = 0; waited < SERVER_START_MS; waited += LOOK_MS) {
		if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
			return fd;
		if (started_gone(server)) {
			close(fd);
			return server_failed(server, error);
		}
		poll(NULL, 0, LOOK_MS);
	}
	close(fd);
	return error_set(error, "the server does not answer within %d s",
			 SERVER_START_MS / 1000);
}

int server_stop(struct started *server, struct error *error)
{
	kill(server->pid, SIGTERM);
	for (int waited = 0; waited < SERVER_END_MS; waited += LOOK_MS) {
		if (started_gone(server))
			return server->status ? server_failed(server, error)
					      : 0;
		poll(NULL, 0, LOOK_MS);
	}
	return error_set(error, "the server does not end within %d s",
			 SERVER_END_MS / 1000);
}
