// SPDX-License-Identifier: GPL-2.0-only
// Memory fails under pages that are in, out and in between, while another
// thread pages the region out.  A page that was moved in time, or that lay
// clean over its slot, is to be what it was; of any other the program is to be
// told by SIGBUS.  A slot that a forked child holds too makes its page go
// through the swap cache.
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "torture_region.h"
#include "scenario.h"
#include "workloads/lib/random.h"

// Of Linux 2.6.33, unknown to some C libraries.
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

enum { PAGES = 1024, OWNER = 900, IN_A_ROUND = 48 };

// The one thread of the child that touches pages.
static struct {
	sigjmp_buf back;
	volatile sig_atomic_t armed;
	pthread_t thread;
} touch;

struct pager {
	struct region *region;
	atomic_bool end;
	pthread_t thread;
};

static void on_bus(int number, siginfo_t *info, void *context)
{
	(void)context;
	if (touch.armed && info->si_code == BUS_MCEERR_AR &&
	    pthread_equal(pthread_self(), touch.thread))
		siglongjmp(touch.back, 1);
	// Not the one that was asked for: it ends the child, and is found.
	signal(number, SIG_DFL);
}

// Whether the page is there; what is there is compared.
static bool there(struct region *region, uint64_t page)
{
	if (sigsetjmp(touch.back, 1)) {
		touch.armed = 0;
		return false;
	}
	touch.armed = 1;
	region_check(region, page);
	touch.armed = 0;
	return true;
}

// A page that was lost is given up, and one without content takes its place.
static int renew(struct region *region, uint64_t page, struct error *error)
{
	const size_t bytes = region->torture->content.page_size;
	unsigned char *where = region->bytes + page * bytes;

	if (mmap(where, bytes, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
		 0) == MAP_FAILED)
		return error_set(error, "cannot map a page anew: %s",
				 strerror(errno));
	region_write(region, page);
	return 0;
}

static void *page_out(void *argument)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	struct pager *pager = argument;

	while (!pager->end) {
		region_advise(pager->region, 0, PAGES, MADV_PAGEOUT);
		nanosleep(&pause, NULL);
	}
	return NULL;
}

// Looks at what it shares until it is told to end; lost pages are no fault.
static pid_t share(struct region *region)
{
	pid_t child = fork();

	if (child)
		return child;
	touch.thread = pthread_self();
	for (;;)
		for (uint64_t page = 0; page < PAGES; page += 7)
			there(region, page);
}

// 0, or errno.  Older kernels tell of a page that is lost when it is touched,
// Linux 7.3 at once.
static int fail(unsigned char *where, size_t bytes, int advice)
{
	int failed = 0;

	if (sigsetjmp(touch.back, 1) == 0) {
		touch.armed = 1;
		failed = madvise(where, bytes, advice) ? errno : 0;
	}
	touch.armed = 0;
	return failed;
}

static int inject(struct region *region, uint64_t page, uint64_t drop,
		  struct error *error)
{
	struct tally *tally = region->torture->tally;
	const size_t bytes = region->torture->content.page_size;
	const int advice = drop % 4 ? MADV_HWPOISON : MADV_SOFT_OFFLINE;

	// Read in, so that it is clean where it was out; or dirty.
	if (!there(region, page))
		return renew(region, page, error);
	if (drop % 4 == 1)
		region_write(region, page);
	const int failed = fail(region->bytes + page * bytes, bytes, advice);

	// Busy just now, or gone out again: the next one.
	if (failed)
		return failed == EPERM || failed == EINVAL
			       ? error_set(error, "MADV_HWPOISON: %s",
					   strerror(failed))
			       : 0;
	tally->poisoned++;
	if (there(region, page)) {
		tally->survived++;
		region_write(region, page);
		return 0;
	}
	return renew(region, page, error);
}

static int in_a_round(struct region *region, uint64_t *random,
		      struct error *error)
{
	const pid_t sharer = share(region);
	int failed =
		sharer < 0 ? error_set(error, "fork: %s", strerror(errno)) : 0;

	for (int i = 0; i < IN_A_ROUND && !failed; i++) {
		const uint64_t page = random_below(random, PAGES);

		failed = inject(region, page, random_next(random), error);
		if (torture_over(region->torture))
			break;
	}
	if (sharer > 0) {
		int status;

		kill(sharer, SIGTERM);
		if (waitpid(sharer, &status, 0) == sharer)
			tally_child(region->torture->tally, status);
	}
	for (uint64_t page = 0; page < PAGES && !failed; page++)
		if (!there(region, page))
			failed = renew(region, page, error);
	return failed;
}

static int work(const struct torture *torture, const void *plan,
		struct error *error)
{
	const struct sigaction action = {.sa_sigaction = on_bus,
					 .sa_flags = SA_SIGINFO};
	uint64_t random = torture->options.seed * 1000003 + OWNER;
	struct region region;
	struct pager pager = {.region = &region};
	int failed = 0;

	(void)plan;
	touch.thread = pthread_self();
	sigaction(SIGBUS, &action, NULL);
	if (region_map(&region, torture, OWNER, PAGES, error))
		return -1;
	for (uint64_t page = 0; page < PAGES; page++)
		region_write(&region, page);
	if (pthread_create(&pager.thread, NULL, page_out, &pager))
		return error_set(error, "cannot start a thread");
	for (uint64_t i = 0; i < torture->options.rounds && !failed; i++)
		failed = in_a_round(&region, &random, error);
	pager.end = true;
	pthread_join(pager.thread, NULL);
	return failed;
}

int run_poisoned(struct torture *torture, struct deed *deed,
		 struct error *error)
{
	pid_t child;

	(void)deed;
	if (child_fork(torture, "", work, NULL, &child, error))
		return -1;
	return child_wait(torture, child, error);
}
