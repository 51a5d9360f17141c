# SPDX-License-Identifier: GPL-2.0-only
"""A commit that makes a statistic of each CPU one word of all is found among eight, by 16 simulated
CPUs: what counts one CPU's instructions, or locks, sees nothing of it."""
from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import bisecttree
from tests.bisecttree import Commit, harmless
from tests.bisecttyped import told
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

SHARED_LINE = ROOT / "tests/series/shared-line"
EXPERIMENT = """\
format = 1
kernels = ["6.1:vanilla"]
threads = [16]
tiers = ["lockstep"]
[guest]
swap_mib = 512
[workload]
ratio = 1.4
verify = false
[rules]
perturbations = 3
pswpout_floor = 1000
[rules.thresholds]
transfers_per_page = 0.01
"""


def _patched(name: str) -> Callable[[str], str]:
    """As a patch of tests/series/shared-line makes it."""
    def change(text: str) -> str:
        with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
            file.write(text)
            file.flush()
            return subprocess.run(["patch", "-s", "-o", "-", file.name, str(SHARED_LINE / name)],
                                  check=True, capture_output=True, text=True).stdout
    return change


COUNTED, ONE_WORD = (Commit(patch[5:-6].replace("-", " "), "mm/swapfile.c", _patched(patch))
                     for patch in (SHARED_LINE / "series").read_text("ascii").split())
COMMITS = [*map(harmless, range(2)), COUNTED, *map(harmless, range(2, 4)), ONE_WORD,
           *map(harmless, range(4, 6))]


def test_a_shared_line(swapscale, tmp_path: Path) -> None:
    tree = bisecttree.warm_place()
    commits = bisecttree.make(tree, COMMITS)
    (tmp_path / "shared.toml").write_text(EXPERIMENT, "utf-8")
    done = swapscale("bisect", "--tree", tree, "--good", commits[0], "--bad", commits[-1],
                     "--experiment", tmp_path / "shared.toml", "--metric", "transfers_per_page",
                     "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = told(tmp_path)
    assert found["culprit"] == commits[COMMITS.index(ONE_WORD) + 1] and found["confirmed"]
    # Over nine runs of each 152.9 and 158.5 transfers a page, none of either among the other's.
    assert found["change"]["change"] > 0.02
