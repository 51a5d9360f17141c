// SPDX-License-Identifier: GPL-2.0-only
#include "started.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int started_folder(const char *folder, struct error *error)
{
	if (mkdir(folder, 0755) && errno != EEXIST)
		return error_set(error, "%s: %s", folder, strerror(errno));
	return 0;
}

static int child(const struct started *started, const struct start *start)
{
	char *const environment[] = {
		(char *)"PATH=/bin:/usr/bin", (char *)"LC_ALL=C",
		start->folder ? (char *)"TMPDIR=." : NULL, NULL};
	struct error error = {.line = ""};
	const char *path = start->argv[0], *slash = strrchr(path, '/');
	// Some tell by their name what they are to be.
	const char *words[STARTED_ARGUMENTS + 1] = {slash ? slash + 1 : path};
	sigset_t none;

	for (int i = 1; i < STARTED_ARGUMENTS && start->argv[i]; i++)
		words[i] = start->argv[i];
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(started->out, 1) < 0 || dup2(started->err, 2) < 0)
		return 126;
	if ((start->memcg && memcg_join(start->memcg, &error)) ||
	    (start->folder && chdir(start->folder))) {
		dprintf(2, "error: %s\n",
			error.line[0] ? error.line : strerror(errno));
		return 126;
	}
	execve(path, (char *const *)words, environment);
	dprintf(2, "error: %s: %s\n", path, strerror(errno));
	return 127;
}

int started_run(struct started *started, const struct start *start,
		struct error *error)
{
	started->out = memfd_create("out", MFD_CLOEXEC);
	started->err = start->together ? started->out
				       : memfd_create("err", MFD_CLOEXEC);
	started->pid = started->out < 0 || started->err < 0 ? -1 : fork();
	if (!started->pid)
		_exit(child(started, start));
	if (started->pid > 0)
		return 0;
	started->pid = 0;
	return error_set(error, "%s: cannot be started: %s", start->argv[0],
			 strerror(errno));
}

bool started_gone(struct started *started)
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
