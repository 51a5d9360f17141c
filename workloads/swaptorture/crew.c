// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <string.h>

#include "crew.h"
#include "workloads/lib/text.h"

static void *run(void *argument)
{
	struct member *member = argument;

	churn_run(&member->churn);
	member->crew->finished++;
	return NULL;
}

static int start_one(struct member *member, struct error *error)
{
	sigset_t alarm, before;

	// The alarm that ends a swapoff is the main thread's.
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarm, &before);
	int failed = pthread_create(&member->thread, NULL, run, member);

	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed ? error_set(error, "cannot start a thread: %s",
				  strerror(failed))
		      : 0;
}

int crew_start(struct crew *crew, const struct torture *torture,
	       const struct crew_plan *plan, struct error *error)
{
	uint64_t pages =
		plan->bytes / torture->content.page_size / plan->threads;

	crew->threads = 0;
	crew->finished = 0;
	for (unsigned int i = 0; i < plan->threads; i++) {
		struct member *member = &crew->members[i];
		struct churn *churn = &member->churn;
		uint32_t owner = plan->first_owner + i;

		member->crew = crew;
		churn->ops = plan->ops;
		churn->steps = plan->steps;
		churn->random = torture->options.seed * 1000003 + owner;
		if (region_map(&churn->region, torture, owner, pages, error) ||
		    start_one(member, error))
			return -1;
		crew->threads++;
	}
	return 0;
}

bool crew_finished(struct crew *crew)
{
	return crew->finished == crew->threads;
}

void crew_join(struct crew *crew)
{
	for (unsigned int i = 0; i < crew->threads; i++) {
		pthread_join(crew->members[i].thread, NULL);
		region_unmap(&crew->members[i].churn.region);
	}
}

int crew_run(const struct torture *torture, const struct crew_plan *plan,
	     struct error *error)
{
	struct crew crew;

	if (crew_start(&crew, torture, plan, error))
		return -1;
	crew_join(&crew);
	return 0;
}

static int work(const struct torture *torture, const void *plan,
		struct error *error)
{
	return crew_run(torture, plan, error);
}

int crew_fork(const struct torture *torture, const struct crew_plan *plan,
	      const char *group, pid_t *pid, struct error *error)
{
	return child_fork(torture, group, work, plan, pid, error);
}
