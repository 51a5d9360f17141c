# SPDX-License-Identifier: GPL-2.0-only
"""A commit that changes reclaim's policy, at no cost of its own, is found among eight."""
from __future__ import annotations

from pathlib import Path

import pytest

from tests import bisecttree
from tests.bisecttree import Commit, harmless
from tests.conftest import ROOT
from tests.e2e.test_bisect import told

pytestmark = pytest.mark.slow


def _batch(text: str) -> str:
    old = "#define SWAP_CLUSTER_MAX 32UL"
    assert text.count(old) == 1
    return text.replace(old, "#define SWAP_CLUSTER_MAX 8UL")


BATCH = Commit("mm: reclaim in batches of 8 pages", "include/linux/swap.h", _batch)
COMMITS = [*map(harmless, range(5)), BATCH, *map(harmless, range(5, 7))]


def test_smaller_batches_of_reclaim(swapscale, tmp_path: Path) -> None:
    tree = bisecttree.warm_place()
    commits = bisecttree.make(tree, COMMITS)
    done = swapscale("bisect", "--tree", tree, "--good", commits[0], "--bad", commits[-1],
                     "--experiment", ROOT / "configs" / "bench.toml", "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = told(tmp_path)
    assert found["culprit"] == commits[COMMITS.index(BATCH) + 1] and found["confirmed"]
    assert 0.01 < found["change"]["change"] < 0.06
    # What else moved in it is said.
    assert "allocstall_per_page" in [one["name"] for one in found["moved"]]
