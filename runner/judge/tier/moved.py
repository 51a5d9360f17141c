# SPDX-License-Identifier: GPL-2.0-only
"""What moved in every memory layout though nobody asked about it, and the command that bisects it.

Metrics that are not judged stay for information; but one whose layouts of the two kernels lie
far apart is too sure a thing to be left to whoever reads the whole table.
"""
from __future__ import annotations

import math
import shlex
import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from runner.errors import UsageError
from runner.judge import stats
from runner.judge.figures import FLIPPED, label, number
from runner.kernel import spec
from runner.records import Sample
from runner.settings.variant import kernel_of

#: Each layout of one side is beyond each of the other, the medians by so many times the spread
#: within a kernel and by this share at least; of fewer layouts nothing is said.
_FAR, _LEAST, _FEWEST = 4.0, 0.05, 3


@dataclass(frozen=True)
class Moved:
    """A metric whose layouts do not overlap."""

    name: str
    base: float               # medians
    test: float
    worse: bool
    layouts: tuple[int, int]

    def told(self) -> str:
        """'allocstall per page 0.0075 → 0.0208 (×2.8) in all of 6 and 6 layouts'."""
        times = f" (×{self.test / self.base:.2g})" if self.base > 0 and self.test > 0 else ""
        return (f"{label(self.name)} {number(self.base)} → {number(self.test)}{times} in all of "
                f"{self.layouts[0]} and {self.layouts[1]} layouts")

    def line(self) -> float:
        """Half way between, as bisect parts good from bad."""
        return math.sqrt(self.base * self.test) if self.base > 0 else self.test / 2


def find(base: Sequence[Sample], test: Sequence[Sample], judged: Collection[str]) -> list[Moved]:
    """All of one boot a layout; the largest first, without those `judged`."""
    sides = [[sample.metrics for sample in side] for side in (base, test)]
    moves = []
    for name in sorted({name for side in sides for boot in side for name in boot} - set(judged)):
        old, new = ([boot[name].value for boot in side if name in boot] for side in sides)
        better = next(boot[name] for side in sides for boot in side if name in boot).better
        if better not in FLIPPED or min(len(old), len(new)) < _FEWEST:
            continue
        middle = statistics.median(old), statistics.median(new)
        apart = max(min(new) - max(old), min(old) - max(new)) > 0
        enough = max(_FAR * stats.pooled(old, new), _LEAST * min(abs(middle[0]), abs(middle[1])))
        if apart and abs(middle[1] - middle[0]) > enough:
            worse = (middle[1] - middle[0]) * FLIPPED[better] > 0
            moves.append(Moved(name, *middle, worse, (len(old), len(new))))
    return sorted(moves, key=lambda move: (not move.worse, -_size(move)))


def _size(move: Moved) -> float:
    return abs(math.log(move.test / move.base)) if move.base > 0 and move.test > 0 else math.inf


def ends(tree: str = "DIR", good: str = "REF", bad: str = "REF") -> list[str]:
    """The range of commits as bisect's options say it."""
    return ["--tree", tree, "--good", good, "--bad", bad]


def between(base: str, test: str) -> list[str]:
    """The range between two kernels, with words to fill in where they are no commits of a tree;
    none between two variants of one kernel."""
    if kernel_of(base) == kernel_of(test):
        return []             # one kernel under two settings
    try:
        sources = [spec.parse(name).source for name in (base, test)]
    except UsageError:
        return ends()
    if {source.kind for source in sources} != {"git"} or sources[0].path != sources[1].path:
        return ends()
    return ends(str(sources[0].path), sources[0].ref, sources[1].ref)


def told(moves: Sequence[Moved], span: Sequence[str], experiment: str = "FILE") -> tuple[str, ...]:
    """A line for each; where it got worse, with the command that bisects `span` by it."""
    lines = []
    for move in moves:
        words = ["./swapscale", "bisect", *span, "--experiment", experiment, "--metric", move.name,
                 "--above", f"{move.line():.6g}"]
        bisects = f"; bisect by it: {shlex.join(words)}" if move.worse and span else ""
        lines.append(move.told() + bisects)
    return tuple(lines)
