# SPDX-License-Identifier: GPL-2.0-only
"""A branch of a real tree that moves, and the nights that follow it and bisect by themselves."""
from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from runner.bisect import statefile
from tests import bisecttree
from tests.bisecttree import Commit, git

_EXPERIMENT = """\
format = 1
base = "6.1:vanilla"
tiers = ["{tier}"]
[guest]
ram_mib = 128
swap_mib = 192
[workload]
ratio = 1.25
verify = false
[rules]
layouts = 1
pswpout_floor = 1000
"""


class Nights:
    """`commits` are made in `tree`; the first is last night's tip, the last tonight's."""

    def __init__(self, place: Path, tree: Path, commits: Sequence[Commit], branch: str,
                 tier: str) -> None:
        self.results, self.out = place / "results", place / "out"
        self.tree, self.branch = tree, branch
        # From the import on, which no night sees.
        self.commits = bisecttree.make(tree, commits)[1:]
        (place / "load.toml").write_text(_EXPERIMENT.format(tier=tier))
        self.file = place / "nightly.toml"
        self.file.write_text(f'format = 1\nkernels = ["git:{tree}@{branch}"]\n'
                             'experiment = "load.toml"\nlayouts = [1]\non_regression = "bisect"\n')

    def push(self, commit: str) -> None:
        git(self.tree, "update-ref", f"refs/heads/{self.branch}", commit)

    def command(self) -> list[str]:
        return [str(one) for one in ("nightly", self.file, "--results", self.results, "--output",
                                     self.out)]

    def bisects(self) -> list[Path]:
        return sorted(one.parent for one in self.results.glob(f"bisect-*/{statefile.STATE}"))

    def told(self) -> dict[str, Any]:
        (found,) = json.loads((self.out / "nightly.json").read_text())["bisects"]
        return dict(found)
