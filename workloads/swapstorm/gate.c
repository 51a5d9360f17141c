// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "gate.h"

static long futex(atomic_uint *word, int operation, unsigned int value,
		  const struct timespec *timeout)
{
	return syscall(SYS_futex, word, operation, value, timeout, NULL, 0);
}

void gate_wait(struct gate *gate)
{
	atomic_fetch_add(&gate->arrived, 1);
	futex(&gate->arrived, FUTEX_WAKE, 1, NULL);
	while (!atomic_load(&gate->open))
		futex(&gate->open, FUTEX_WAIT, 0, NULL);
}

bool gate_full(struct gate *gate, unsigned int workers)
{
	const struct timespec moment = {.tv_nsec = 10000000};
	unsigned int arrived = atomic_load(&gate->arrived);

	if (arrived < workers)
		futex(&gate->arrived, FUTEX_WAIT, arrived, &moment);
	return atomic_load(&gate->arrived) >= workers;
}

void gate_open(struct gate *gate)
{
	atomic_store(&gate->open, 1);
	futex(&gate->open, FUTEX_WAKE, INT_MAX, NULL);
}
