// SPDX-License-Identifier: GPL-2.0-only
// reclaim: loads in which reclaim has to choose whose pages go, and what it
// chose.
//
//	reclaim protected LOW SIZE HOG
//	reclaim swappiness VALUE ANON FILE PASSES DEVICE
//
// Sizes are MiB.  protected: a group with memory.low = LOW holds SIZE of
// anonymous memory and sleeps, while another writes HOG.  Prints how many
// pages of the first were looked at and taken, and how many of all.
//
// swappiness: ANON is written once, then the first FILE of DEVICE are read
// PASSES times, so that both do not fit.  Prints how many pages of each kind
// were looked at and taken.
#define _GNU_SOURCE
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOT "/sys/fs/cgroup"

enum { PAGE = 4096, CHUNK = 16 * PAGE };

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		fail(path);
	close(fd);
}

// The number behind `key` in a file of "KEY VALUE".
static uint64_t counter(const char *path, const char *key)
{
	size_t length = strlen(key);
	char line[256];
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, key, length) && line[length] == ' ') {
			fclose(file);
			return strtoull(line + length, NULL, 10);
		}
	}
	fprintf(stderr, "reclaim: %s has no '%s'\n", path, key);
	exit(1);
}

// What /proc/vmstat counts, since it was asked before.
static uint64_t risen(const char *key, uint64_t before)
{
	return counter("/proc/vmstat", key) - before;
}

static void write_all(uint64_t mib)
{
	size_t size = mib << 20;
	unsigned char *start = mmap(NULL, size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (start == MAP_FAILED)
		fail("reclaim: mmap");
	for (size_t at = 0; at < size; at += PAGE)
		start[at] = 1;
}

// A process of `group` that has written `mib` and sleeps.
static pid_t settled(const char *group, uint64_t mib)
{
	char byte = 0;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		fail("reclaim: pipe");
	pid = fork();
	if (pid < 0)
		fail("reclaim: fork");
	if (!pid) {
		put(group, "0");
		write_all(mib);
		if (write(ends[1], &byte, 1) != 1)
			fail("reclaim: pipe");
		for (;;)
			pause();
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		fail("reclaim: a process did not get its memory");
	close(ends[0]);
	return pid;
}

static void protected(char **words)
{
	uint64_t size = strtoull(words[1], NULL, 10);
	uint64_t hog = strtoull(words[2], NULL, 10);
	uint64_t out = counter("/proc/vmstat", "pswpout");
	uint64_t anon = counter("/proc/vmstat", "pgscan_anon");
	pid_t first, second;
	char text[32];

	if (mount("cgroup2", ROOT, "cgroup2", 0, NULL))
		fail("reclaim: cgroup2");
	put(ROOT "/cgroup.subtree_control", "+memory");
	if (mkdir(ROOT "/kept", 0755) || mkdir(ROOT "/hog", 0755))
		fail("reclaim: mkdir");
	snprintf(text, sizeof(text), "%sM", words[0]);
	put(ROOT "/kept/memory.low", text);
	first = settled(ROOT "/kept/cgroup.procs", size);
	second = settled(ROOT "/hog/cgroup.procs", hog);
	printf("reclaim: protected kept_pgscan %" PRIu64
	       " kept_pgsteal %" PRIu64 " pgscan_anon %" PRIu64
	       " pswpout %" PRIu64 "\n",
	       counter(ROOT "/kept/memory.stat", "pgscan"),
	       counter(ROOT "/kept/memory.stat", "pgsteal"),
	       risen("pgscan_anon", anon), risen("pswpout", out));
	kill(first, SIGKILL);
	kill(second, SIGKILL);
	while (wait(NULL) > 0)
		;
}

static void read_file(const char *device, uint64_t mib)
{
	static char buffer[CHUNK];
	int fd = open(device, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		fail(device);
	for (uint64_t at = 0; at < mib << 20; at += CHUNK)
		if (pread(fd, buffer, CHUNK, (off_t)at) != CHUNK)
			fail(device);
	close(fd);
}

static void swappiness(char **words)
{
	static const char *const keys[] = {"pgscan_anon",  "pgscan_file",
					   "pgsteal_anon", "pgsteal_file",
					   "pswpout",	   "allocstall_normal"};
	enum { KEYS = sizeof(keys) / sizeof(keys[0]) };
	uint64_t passes = strtoull(words[3], NULL, 10);
	uint64_t before[KEYS];

	put("/proc/sys/vm/swappiness", words[0]);
	write_all(strtoull(words[1], NULL, 10));
	for (int at = 0; at < KEYS; at++)
		before[at] = counter("/proc/vmstat", keys[at]);
	for (uint64_t pass = 0; pass < passes; pass++)
		read_file(words[4], strtoull(words[2], NULL, 10));
	printf("reclaim: swappiness");
	for (int at = 0; at < KEYS; at++)
		printf(" %s %" PRIu64, keys[at], risen(keys[at], before[at]));
	printf("\n");
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "protected")) {
		protected(argv + 2);
	} else if (argc == 7 && !strcmp(argv[1], "swappiness")) {
		swappiness(argv + 2);
	} else {
		fprintf(stderr, "usage: reclaim protected LOW SIZE HOG\n"
				"       reclaim swappiness VALUE ANON FILE "
				"PASSES DEVICE\n");
		return 2;
	}
	return 0;
}
