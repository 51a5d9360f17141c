// SPDX-License-Identifier: GPL-2.0-only
#include "module.h"

#include "workloads/lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int load(const char *path, const char *parameters, struct error *fault)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_coded(fault, ERROR_MODULE, "%s: open: %s", path,
				   strerror(errno));
	int error = syscall(SYS_finit_module, fd, parameters, 0) ? errno : 0;

	close(fd);
	// Another may have asked for it.
	if (error && error != EEXIST)
		return error_coded(fault, ERROR_MODULE, "%s: %s", path,
				   strerror(error));
	unlink(path);
	return 0;
}

int module_load(const char *list, struct error *fault)
{
	char text[4096];

	if (text_read(list, text, sizeof(text)) < 0) {
		if (errno == ENOENT)
			return 0;
		return error_coded(fault, ERROR_MODULE, "%s: %s", list,
				   strerror(errno));
	}
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n")) && *line) {
		char *path = strsep(&line, " ");

		if (load(path, line ? line : "", fault))
			return -1;
	}
	return 0;
}
