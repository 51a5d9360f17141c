// SPDX-License-Identifier: GPL-2.0-only
#include "complaint.h"

#include <string.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

const char *complaint_line(char *text)
{
	char *save = NULL, *first = NULL;

	for (char *line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		if (strcasestr(line, "error"))
			return line;
		if (!first)
			first = line;
	}
	return first ? first : "";
}

int complaint_set(struct error *error, const char *who, int status, int output)
{
	char text[4096];
	const ssize_t got = pread(output, text, sizeof(text) - 1, 0);
	const bool exited = WIFEXITED(status);

	text[got > 0 ? got : 0] = '\0';
	return error_set(error, "%s %s %d: %.200s", who,
			 exited ? "exited" : "was killed by signal",
			 exited ? WEXITSTATUS(status) : WTERMSIG(status),
			 complaint_line(text));
}
