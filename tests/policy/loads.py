# SPDX-License-Identifier: GPL-2.0-only
"""Whose pages reclaim looks at and takes, under loads in which it has to choose.

Boots of one vCPU under -icount: each repeats to the digit, and other memory layouts (longer command
lines) show by how much the same kernel differs from itself.
"""
from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from runner.kernel import build
from runner.progress import Progress
from runner.records import Accelerator
from runner.judge.tier import load
from tests import ownguest

SOURCE = Path(__file__).with_name("reclaim.c")
RAM_MIB, SWAP_MIB, LAYOUTS = 256, 512, 3

#: Of 64 MiB of a group 48 are protected, while another writes more than there is; idle anonymous
#: memory and a file that is read over and over, where swappiness wants hardly any of the former.
SCRIPT = ["reclaim protected 48 64 300", "reclaim swappiness 1 128 160 6 /dev/pmem0"]
_LINE = re.compile(r"^reclaim: (\w+) ((?:\w+ \d+ ?)+)\r?$", re.MULTILINE)

#: What policy decides: pages looked at and taken of the protected group; looked at of each kind.
FIGURES = ("protected kept_pgscan", "protected kept_pgsteal", "protected pgscan_anon",
           "swappiness pgscan_anon", "swappiness pgscan_file")
#: Medians that differ by less are the same: of the larger, and pages (two isolations).
PART, PAGES = 0.1, 64

Boots = Sequence[Mapping[str, int]]


def measure(kernel: str, program: Path) -> Boots:
    """The figures of each layout."""
    made = build.build(kernel, "perf", Progress())
    return [_figures(ownguest.said(made, Accelerator.ICOUNT, 1, RAM_MIB, SWAP_MIB, program, SCRIPT,
                                   load.layout(number))) for number in range(LAYOUTS)]


def _figures(said: str) -> dict[str, int]:
    found = {f"{name} {key}": int(value) for name, rest in _LINE.findall(said)
             for key, value in re.findall(r"(\w+) (\d+)", rest)}
    assert set(FIGURES) <= set(found), said[-2000:]
    return found


def moved(base: Boots, test: Boots) -> list[str]:
    """The figures in which the kernels differ by more than the layouts of either do."""
    found = []
    for name in FIGURES:
        sides = [sorted(one[name] for one in boots) for boots in (base, test)]
        middles = [statistics.median(side) for side in sides]
        spread = max(side[-1] - side[0] for side in sides)
        if abs(middles[1] - middles[0]) > max(spread, PART * max(middles), PAGES):
            found.append(f"{name} {sides[0]} -> {sides[1]}")
    return found
