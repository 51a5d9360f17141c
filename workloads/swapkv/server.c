// SPDX-License-Identifier: GPL-2.0-only
#include "server.h"

#include "workloads/lib/complaint.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LOOK_MS = 10 };

static int child(const struct started *started, const char *const *argv,
		 const struct memcg *memcg)
{
	char *const environment[] = {(char *)"PATH=/bin:/usr/bin",
				     (char *)"LC_ALL=C", NULL};
	struct error error = {.line = ""};
	// Some tell by their name what they are to be.
	const char *slash = strrchr(argv[0], '/');
	const char *words[SERVER_ARGUMENTS + 1] = {slash ? slash + 1 : argv[0]};
	sigset_t none;

	for (int i = 1; i < SERVER_ARGUMENTS && argv[i]; i++)
		words[i] = argv[i];
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(started->out, 1) < 0 || dup2(started->err, 2) < 0)
		return 126;
	if (memcg && memcg_join(memcg, &error)) {
		dprintf(2, "error: %s\n", error.line);
		return 126;
	}
	execve(argv[0], (char *const *)words, environment);
	dprintf(2, "error: %s: %s\n", argv[0], strerror(errno));
	return 127;
}

int started_run(struct started *started, const char *const *argv,
		const struct memcg *memcg, struct error *error)
{
	started->out = memfd_create("out", MFD_CLOEXEC);
	started->err = memfd_create("err", MFD_CLOEXEC);
	started->pid = started->out < 0 || started->err < 0 ? -1 : fork();
	if (!started->pid)
		_exit(child(started, argv, memcg));
	if (started->pid > 0)
		return 0;
	started->pid = 0;
	return error_set(error, "%s: cannot be started: %s", argv[0],
			 strerror(errno));
}

int started_gone(struct started *started)
{
	if (started->pid &&
	    waitpid(started->pid, &started->status, WNOHANG) == started->pid)
		started->pid = 0;
	return !started->pid;
}

void started_kill(struct started *started)
{
	if (!started->pid)
		return;
	kill(started->pid, SIGKILL);
	waitpid(started->pid, &started->status, 0);
	started->pid = 0;
}

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
	return started_run(server, argv, memcg, error);
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
