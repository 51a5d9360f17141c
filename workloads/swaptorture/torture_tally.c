// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <sys/wait.h>

#include "torture_tally.h"

bool tally_child(struct tally *tally, int status)
{
	if (!WIFSIGNALED(status) ||
	    (WTERMSIG(status) != SIGBUS && WTERMSIG(status) != SIGSEGV))
		return false;
	tally->killed++;
	return true;
}
