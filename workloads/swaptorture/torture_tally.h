// SPDX-License-Identifier: GPL-2.0-only
// What threads and forked children count together.  It lies in locked memory
// that children share, so that a child's finding outlives it.
#ifndef SWAPTORTURE_TORTURE_TALLY_H
#define SWAPTORTURE_TORTURE_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "workloads/lib/stamp.h"

#define TALLY_FIRST_BAD 16

struct tally {
	_Atomic uint64_t verified;
	_Atomic uint64_t bad;
	_Atomic uint64_t pageouts;   // calls of madvise(MADV_PAGEOUT)
	_Atomic uint64_t forks;	     // children that checked shared pages
	_Atomic uint64_t killed;     // children whose memory could not be had
	_Atomic uint64_t exhausted;  // pageouts that found no free slot left
	_Atomic uint64_t merged;     // pages that KSM made one of with another
	_Atomic uint64_t merged_out; // those that went out in one slot
	_Atomic uint64_t poisoned;   // pages whose memory was made to fail
	_Atomic uint64_t survived;   // those whose content did not get lost
	atomic_bool cut;	     // time was up before the work was done
	struct finding first_bad[TALLY_FIRST_BAD];
};

// True, and counted, where a child's status as of waitpid(2) says that its
// memory failed it.  SIGBUS: a page did not come back at all; SIGSEGV: what
// came back was no pointer.  Any other end of a child is not the kernel's
// doing.
bool tally_child(struct tally *tally, int status);

#endif
