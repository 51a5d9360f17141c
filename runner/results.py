# SPDX-License-Identifier: GPL-2.0-only
"""What a comparison comes to: the records that reports are made of."""
from __future__ import annotations

from dataclasses import dataclass

from runner.budget import BUDGET, told
from runner.errors import Exit
from runner.figures import MetricResult, Verdict


def threads(count: int) -> str:
    """'1 thread', '2 threads'."""
    return f"{count} thread" + ("s" if count != 1 else "")


@dataclass(frozen=True)
class CellResult:
    """One test kernel on one device, thread count and tier, held against something."""

    base: str                              # a kernel, BUDGET, or '': measured alone
    test: str
    device: str
    threads: int
    workload: str
    tier: str
    accelerator: str
    vcpus: int
    verdict: Verdict
    reason: str
    why: str                               # the lock class or counter that moved most
    metrics: tuple[MetricResult, ...]
    base_samples: int
    test_samples: int
    evidence: tuple[str, ...]              # folders, base's then test's
    moved: tuple[str, ...] = ()            # what moved in every memory layout, in words


@dataclass(frozen=True)
class Excluded:
    """A sample that does not count."""

    label: str
    number: int
    reasons: tuple[str, ...]
    evidence: str


@dataclass(frozen=True)
class Bisected:
    """What became of the question which commit it was, asked by the night that found it."""

    regression: str                        # in words
    state: str                             # 'found', 'inconclusive', 'failed', 'unfinished', 'none'
    said: str                              # one line: the answer, or why there is none
    folder: str = ""                       # the bisect's; '': none was begun
    report: str = ""                       # file with its path and figures; '': it has not ended
    culprit: str = ""                      # commit
    title: str = ""                        # its abbreviated id and subject
    confidence: float | None = None
    confirmed: bool = False                # by measuring it again


@dataclass(frozen=True)
class Comparison:
    """Every cell, what they come to, and what that rests on."""

    base: str
    tests: tuple[str, ...]
    cells: tuple[CellResult, ...]
    excluded: tuple[Excluded, ...]
    warnings: tuple[str, ...]              # each with its remedy
    assumptions: tuple[str, ...]
    verdict: Verdict
    reason: str
    exit: Exit
    bisects: tuple[Bisected, ...] = ()

    def over_budget(self) -> list[str]:
        """Every lock that is taken more often than its budget allows, a line each."""
        return [f"over budget: {cell.test} on {cell.device}, {threads(cell.threads)}: {told(one)}"
                for cell in self.cells if cell.base == BUDGET
                for one in cell.metrics if one.verdict == Verdict.REGRESSED]
