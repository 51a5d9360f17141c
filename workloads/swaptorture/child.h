// SPDX-License-Identifier: GPL-2.0-only
// A forked child that works in a control group.
#ifndef SWAPTORTURE_CHILD_H
#define SWAPTORTURE_CHILD_H

#include <sys/types.h>

#include "torture.h"

typedef int child_work(const struct torture *torture, const void *plan,
		       struct error *error);

// `group` is "" for none.
int child_fork(const struct torture *torture, const char *group,
	       child_work *work, const void *plan, pid_t *child,
	       struct error *error);

// An error if the child could not do its work for a reason of its own.
int child_wait(const struct torture *torture, pid_t child, struct error *error);

#endif
