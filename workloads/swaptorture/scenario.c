// SPDX-License-Identifier: GPL-2.0-only
#include "scenario.h"
#include "workloads/lib/procfs.h"

#define SMALL (UINT64_C(24) << 20)

static uint64_t out_and_in(const struct deed *deed)
{
	const struct vmcounts *counters = &deed->counters;

	return counters->pswpout && counters->pswpin;
}

static uint64_t out_and_shared(const struct deed *deed)
{
	return deed->counters.pswpout && deed->forks;
}

static uint64_t out_and_lazy(const struct deed *deed)
{
	return deed->counters.pswpout && deed->counters.pglazyfreed;
}

static uint64_t swapoffs(const struct deed *deed)
{
	return deed->swapoffs;
}

static uint64_t refusals(const struct deed *deed)
{
	return deed->refusals;
}

static uint64_t exhausted(const struct deed *deed)
{
	return deed->exhausted;
}

static uint64_t injections(const struct deed *deed)
{
	return deed->injections;
}

static uint64_t merged_out(const struct deed *deed)
{
	return deed->merged_out;
}

// Some are lost with their memory, as they must be, and some are not.
static uint64_t survived(const struct deed *deed)
{
	return deed->counters.pswpout && deed->survived &&
	       deed->poisoned > deed->survived;
}

const struct scenario scenarios[SCENARIOS] = {
	{"writers", false, run_writers, out_and_in,
	 "no page was swapped out and in again"},
	{"shared", false, run_shared, out_and_shared,
	 "no page was swapped out, or no child shared any"},
	{"advice", false, run_advice, out_and_lazy,
	 "no page was swapped out, or none was freed lazily"},
	{"swapoff", true, run_swapoff, swapoffs,
	 "no device that held pages was taken off"},
	{"refused", true, run_refused, refusals,
	 "no swap charge was refused (fail of memory.swap.events)"},
	{"full", true, run_full, exhausted, "the slots never ran out"},
	{"nodes", true, run_nodes, injections,
	 "no allocation of an XArray node failed (failslab)"},
	{"merged", true, run_merged, merged_out,
	 "no page that KSM merged was swapped out"},
	{"poisoned", true, run_poisoned, survived,
	 "no page was swapped out, or memory did not fail both under pages "
	 "that can be had again and under others"},
};

uint64_t scenario_small(const struct torture *torture)
{
	return torture->options.size < SMALL ? torture->options.size : SMALL;
}

int scenario_run(const struct scenario *scenario, struct torture *torture,
		 struct deed *deed, struct error *error)
{
	struct tally *tally = torture->tally;
	struct vmcounts begin, end;

	*deed = (struct deed){
		.verified = tally->verified,
		.bad = tally->bad,
		.pageouts = tally->pageouts,
		.forks = tally->forks,
		.exhausted = tally->exhausted,
		.merged = tally->merged,
		.merged_out = tally->merged_out,
		.poisoned = tally->poisoned,
		.survived = tally->survived,
	};
	tally->cut = false;
	torture->deadline_ns =
		clock_ns() + torture->options.limit_s * UINT64_C(1000000000);
	if (vmcounts_read(&begin, error) ||
	    scenario->run(torture, deed, error) || vmcounts_read(&end, error))
		return -1;
	deed->counters = vmcounts_between(&begin, &end);
	deed->verified = tally->verified - deed->verified;
	deed->bad = tally->bad - deed->bad;
	deed->pageouts = tally->pageouts - deed->pageouts;
	deed->forks = tally->forks - deed->forks;
	deed->exhausted = tally->exhausted - deed->exhausted;
	deed->merged = tally->merged - deed->merged;
	deed->merged_out = tally->merged_out - deed->merged_out;
	deed->poisoned = tally->poisoned - deed->poisoned;
	deed->survived = tally->survived - deed->survived;
	deed->cut = tally->cut;
	if (!scenario->reached(deed))
		findings_add(&torture->missed, "%s: %s", scenario->name,
			     scenario->missed);
	return 0;
}
