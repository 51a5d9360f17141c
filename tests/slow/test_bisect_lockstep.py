# SPDX-License-Identifier: GPL-2.0-only
"""A commit that writes to a line other CPUs hold is found among eight, by 16 simulated CPUs: what
counts one CPU's instructions, or locks, sees next to nothing of it."""
from __future__ import annotations

import subprocess
import tempfile
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


def _counted(text: str) -> str:
    """As the patch of tests/series/shared-line makes it."""
    patch, = SHARED_LINE.glob("*.patch")
    with tempfile.NamedTemporaryFile("w", suffix=".c") as file:
        file.write(text)
        file.flush()
        return subprocess.run(["patch", "-s", "-o", "-", file.name, str(patch)], check=True,
                              capture_output=True, text=True).stdout


COUNTED = Commit("mm/swapfile: count the look-ups of swap devices", "mm/swapfile.c", _counted)
COMMITS = [*map(harmless, range(5)), COUNTED, *map(harmless, range(5, 7))]


def test_a_shared_line(swapscale, tmp_path: Path) -> None:
    tree = bisecttree.warm_place()
    commits = bisecttree.make(tree, COMMITS)
    (tmp_path / "shared.toml").write_text(EXPERIMENT, "utf-8")
    done = swapscale("bisect", "--tree", tree, "--good", commits[0], "--bad", commits[-1],
                     "--experiment", tmp_path / "shared.toml", "--metric", "transfers_per_page",
                     "--results", tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    found = told(tmp_path)
    assert found["culprit"] == commits[COMMITS.index(COUNTED) + 1] and found["confirmed"]
    # Over nine runs of each 152.9 and 158.5 transfers a page, none of either among the other's.
    assert found["change"]["change"] > 0.02
