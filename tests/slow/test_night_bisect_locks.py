# SPDX-License-Identifier: GPL-2.0-only
"""A branch moves and takes a lock more often: the night that counts it names the commit."""
from __future__ import annotations

from pathlib import Path

import pytest

from runner.bisect import statefile
from tests import bisecttree
from tests.bisectnights import Nights
from tests.bisecttree import LOCK_ROUND, harmless

# A kernel tree that counts locks is built from nothing where the cache is empty.
pytestmark = pytest.mark.slow

COMMITS = [harmless(0), harmless(1), LOCK_ROUND, harmless(2)]
LOCK = "locks.swap_cache_tree.acquisitions_per_page"


def test_the_commit_that_takes_a_lock_once_more_is_named(swapscale, tmp_path: Path) -> None:
    nights = Nights(tmp_path, bisecttree.warm_place("night-locks"), COMMITS,
                    branch="night-locks", tier="locks")
    nights.push(nights.commits[0])
    done = swapscale(*nights.command())
    assert done.returncode == 0, done.stdout + done.stderr
    assert nights.bisects() == []

    nights.push(nights.commits[-1])
    done = swapscale(*nights.command())
    assert done.returncode == 1, done.stdout + done.stderr
    culprit, told = nights.commits[COMMITS.index(LOCK_ROUND)], nights.told()
    assert (told["state"], told["culprit"], told["confirmed"]) == ("found", culprit, True)
    assert told["confidence"] > 0.9 and LOCK_ROUND.subject in told["title"]
    (folder,) = nights.bisects()
    asked = statefile.load(folder).question
    assert (asked.tier, asked.metric) == ("locks", LOCK)
    assert f"found: {culprit[:12]}" in done.stdout
    assert len(done.stdout.splitlines()) <= 24
