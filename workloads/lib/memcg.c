// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "memcg.h"
#include "text.h"

#define USUAL_ROOT "/sys/fs/cgroup"

bool memcg_find_root(const char *mounts, char *root, size_t size)
{
	while (*mounts) {
		const char *end = strchr(mounts, '\n');
		const char *where = strchr(mounts, ' ');
		const char *type = where ? strchr(where + 1, ' ') : NULL;
		size_t length;

		if (!end || !type || type > end)
			return false;
		length = (size_t)(type - where - 1);
		if (!strncmp(type + 1, "cgroup2 ", 8) && length < size) {
			memcpy(root, where + 1, length);
			root[length] = '\0';
			return true;
		}
		mounts = end + 1;
	}
	return false;
}

static int read_mounts(char *text, size_t size)
{
	size_t used = 0;
	ssize_t n = 0;
	int fd = open("/proc/self/mounts", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -1;
	while (used < size - 1) {
		n = read(fd, text + used, size - 1 - used);
		if (n <= 0)
			break;
		used += (size_t)n;
	}
	close(fd);
	text[used] = '\0';
	return n < 0 ? -1 : 0;
}

static int put(const char *folder, const char *name, const char *text,
	       struct error *error)
{
	char path[384];
	size_t length = strlen(text);
	ssize_t n;
	int fd;
	int failed;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(error, "--memcg: %s: %s", path,
				 strerror(errno));
	n = write(fd, text, length);
	failed = errno;
	close(fd);
	if (n != (ssize_t)length)
		return error_set(error, "--memcg: %s: '%s': %s", path, text,
				 strerror(failed));
	return 0;
}

static int find_root(struct memcg *memcg, struct error *error)
{
	static char mounts[65536];

	if (read_mounts(mounts, sizeof(mounts)))
		return error_set(error, "--memcg: /proc/self/mounts: %s",
				 strerror(errno));
	if (memcg_find_root(mounts, memcg->root, sizeof(memcg->root)))
		return 0;
	if (mount("cgroup2", USUAL_ROOT, "cgroup2", MS_NOSUID | MS_NOEXEC,
		  NULL))
		return error_set(error,
				 "--memcg: control groups version 2 are not "
				 "mounted, and cannot be on " USUAL_ROOT ": %s",
				 strerror(errno));
	strcpy(memcg->root, USUAL_ROOT);
	return 0;
}

// "NAME=VALUE"; cut where they are apart.
static int set_one(const struct memcg *memcg, char *setting,
		   struct error *error)
{
	char path[sizeof(memcg->path) + 64], read_back[64];
	char *value = strchr(setting, '=');

	if (!value || strncmp(setting, "memory.", 7) != 0 ||
	    strspn(setting, "abcdefghijklmnopqrstuvwxyz.") !=
		    (size_t)(value - setting) ||
	    value - setting > 40)
		return error_set(error,
				 "--memcg-set: '%.60s' is not memory.NAME="
				 "VALUE, such as memory.high=67108864",
				 setting);
	*value++ = '\0';
	if (put(memcg->path, setting, value, error))
		return -1;
	snprintf(path, sizeof(path), "%s/%s", memcg->path, setting);
	if (text_read_line(path, read_back, sizeof(read_back)) < 0)
		return error_set(error, "--memcg-set: %s: %s", path,
				 strerror(errno));
	if (strcmp(read_back, value) != 0)
		return error_set(error,
				 "--memcg-set: %s did not take effect: '%s' "
				 "was written and '%s' is read",
				 setting, value, read_back);
	return 0;
}

static int set(const struct memcg *memcg, const char *settings,
	       struct error *error)
{
	char text[512], *rest = NULL;

	if (snprintf(text, sizeof(text), "%s", settings) >= (int)sizeof(text))
		return error_set(error, "--memcg-set: is too long");
	for (char *one = strtok_r(text, ",", &rest); one;
	     one = strtok_r(NULL, ",", &rest))
		if (set_one(memcg, one, error))
			return -1;
	return 0;
}

int memcg_make(struct memcg *memcg, const char *name, uint64_t limit,
	       const char *settings, struct error *error)
{
	char path[sizeof(memcg->path)] = "", number[32];

	if (find_root(memcg, error))
		return -1;
	if (put(memcg->root, "cgroup.subtree_control", "+memory", error))
		return error_set(error,
				 "--memcg: %s: cannot have the memory "
				 "controller here; version 1 has it, or we are "
				 "not root",
				 memcg->root);
	snprintf(path, sizeof(path), "%s/%.32s-%d", memcg->root, name,
		 (int)getpid());
	if (mkdir(path, 0755))
		return error_set(error, "--memcg: %s: %s", path,
				 strerror(errno));
	memcpy(memcg->path, path, sizeof(path));
	snprintf(number, sizeof(number), "%" PRIu64, limit);
	if (put(memcg->path, "memory.max", number, error) ||
	    (settings && set(memcg, settings, error))) {
		memcg_leave(memcg);
		return -1;
	}
	return 0;
}

int memcg_join(const struct memcg *memcg, struct error *error)
{
	return put(memcg->path, "cgroup.procs", "0", error);
}

void memcg_leave(const struct memcg *memcg)
{
	struct error ignored = {.line = ""};

	if (!memcg->path[0])
		return;
	// What cannot be tidied up is no reason to lose a measurement.
	put(memcg->root, "cgroup.procs", "0", &ignored);
	rmdir(memcg->path);
}
