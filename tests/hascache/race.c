// SPDX-License-Identifier: GPL-2.0-only
// race: one thread pages a region out, the others write to it all the while.
//
// 	race SWAPOUTS PAGES WRITERS
//
// MADV_PAGEOUT over PAGES pages until SWAPOUTS were written to swap, while
// WRITERS threads touch them in turn, so that a page is missed soon after it
// has left the swap cache.  The first runs on CPU 0, the others on CPU 1: left
// to the scheduler they share a CPU at times, and take turns instead of racing.
// Prints one line: what it took, and what the kernel counted meanwhile.
#define _GNU_SOURCE
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

// ROUNDS: between two looks at how far it is
enum { PAGE = 4096, MOST_WRITERS = 64, ROUNDS = 16 };

struct region {
	unsigned char *start;
	size_t pages;
	atomic_bool stop;
};

struct writer {
	pthread_t thread;
	struct region *region;
	uint64_t touches;
	uint64_t longest_ns;
};

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("race: sched_setaffinity");
		exit(1);
	}
}

static void *touch(void *opaque)
{
	struct writer *writer = opaque;
	struct region *region = writer->region;

	stay_on(1);
	while (!region->stop) {
		for (size_t at = 0; at < region->pages; at++) {
			uint64_t begin = now_ns(), took;

			((volatile unsigned char *)region->start)[at * PAGE]++;
			took = now_ns() - begin;
			if (took > writer->longest_ns)
				writer->longest_ns = took;
			writer->touches++;
		}
	}
	return NULL;
}

// The number behind `key` in a file of "KEY VALUE"; exits where it is not.
static uint64_t counter(const char *path, const char *key)
{
	size_t length = strlen(key);
	char line[256];
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file)) {
		if (!strncmp(line, key, length)) {
			fclose(file);
			return strtoull(line + length, NULL, 10);
		}
	}
	fprintf(stderr, "race: %s has no '%s'\n", path, key);
	exit(1);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *file, *key;
	} counters[] = {
		{"/proc/vmstat", "pswpout "},
		{"/proc/vmstat", "pswpin "},
		{"/proc/meminfo", "SwapInSleeps: "},
	};
	enum { COUNTERS = sizeof(counters) / sizeof(counters[0]) };
	static struct writer writers[MOST_WRITERS];
	uint64_t before[COUNTERS], risen[COUNTERS], begin, took;
	struct region region = {.stop = false};
	uint64_t wanted, touches = 0, longest = 0;
	size_t count;

	if (argc != 4 || !(wanted = strtoull(argv[1], NULL, 10)) ||
	    !(region.pages = strtoul(argv[2], NULL, 10)) ||
	    !(count = strtoul(argv[3], NULL, 10)) || count > MOST_WRITERS) {
		fprintf(stderr, "usage: race SWAPOUTS PAGES WRITERS\n");
		return 2;
	}
	region.start = mmap(NULL, region.pages * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (region.start == MAP_FAILED) {
		perror("race: mmap");
		return 1;
	}
	for (size_t at = 0; at < region.pages; at++)
		region.start[at * PAGE] = 1;
	for (size_t at = 0; at < count; at++) {
		writers[at].region = &region;
		if (pthread_create(&writers[at].thread, NULL, touch,
				   &writers[at])) {
			fprintf(stderr, "race: no thread\n");
			return 1;
		}
	}
	for (size_t at = 0; at < COUNTERS; at++)
		before[at] = counter(counters[at].file, counters[at].key);
	stay_on(0);
	begin = now_ns();
	do {
		for (int round = 0; round < ROUNDS; round++) {
			if (madvise(region.start, region.pages * PAGE,
				    MADV_PAGEOUT)) {
				perror("race: MADV_PAGEOUT");
				return 1;
			}
		}
	} while (counter(counters[0].file, counters[0].key) - before[0] <
		 wanted);
	took = now_ns() - begin;
	for (size_t at = 0; at < COUNTERS; at++)
		risen[at] = counter(counters[at].file, counters[at].key) -
			    before[at];
	region.stop = true;
	for (size_t at = 0; at < count; at++) {
		pthread_join(writers[at].thread, NULL);
		touches += writers[at].touches;
		if (writers[at].longest_ns > longest)
			longest = writers[at].longest_ns;
	}
	printf("race: ns %" PRIu64 " pswpout %" PRIu64 " pswpin %" PRIu64
	       " sleeps %" PRIu64 " touches %" PRIu64 " longest_ns %" PRIu64
	       "\n",
	       took, risen[0], risen[1], risen[2], touches, longest);
	return 0;
}
