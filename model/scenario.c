// SPDX-License-Identifier: GPL-2.0-only
#include "random.h"
#include "scenario.h"

/* FNV-1a: <http://www.isthe.com/chongo/tech/comp/fnv/>. */
static uint64_t hash(const char *name, const char *part)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *name; name++)
		h = (h ^ (unsigned char)*name) * 0x100000001b3u;
	for (; *part; part++)
		h = (h ^ (unsigned char)*part) * 0x100000001b3u;
	return h;
}

static bool draw(struct figure *figure, uint64_t seed, const char *name,
		 const char *part)
{
	struct random random;

	if (!(figure->high > figure->low))
		return false;
	random_seed(&random, seed, hash(name, part));
	figure->value = figure->low +
			(figure->high - figure->low) * random_unit(&random);
	return true;
}

bool scenario_draw(const struct scenario *from, uint64_t seed,
		   struct scenario *to)
{
	struct machine *machine = &to->machine;
	bool any = false;

	*to = *from;
	any |= draw(&machine->ns_per_instruction, seed, "ns", "");
	any |= draw(&machine->near, seed, "near", "");
	any |= draw(&machine->far, seed, "far", "");
	any |= draw(&machine->lines, seed, "lines", "");
	any |= draw(&machine->wake, seed, "wake", "");
	any |= draw(&to->reclaim, seed, "reclaim", "");
	any |= draw(&to->fault, seed, "fault", "");
	for (uint32_t i = 0; i < to->lock_count; i++) {
		struct lock *lock = &to->locks[i];

		any |= draw(&lock->acquisitions, seed, lock->name, ".a");
		any |= draw(&lock->hold, seed, lock->name, ".h");
		/* How much a longer hold touches is one question for all. */
		any |= draw(&lock->data, seed, "data", "");
	}
	return any;
}
