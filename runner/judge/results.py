# SPDX-License-Identifier: GPL-2.0-only
"""What a comparison comes to: the records that reports are made of."""
from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass
from typing import Any

from runner.errors import Exit
from runner.judge.budget import told
from runner.judge.figures import MetricResult, Verdict, simulated
from runner.records import Sample

#: A cell without its kernel: device, threads, workload, tier.
Where = tuple[str, int, str, str]


def where(sample: Sample) -> Where:
    cell = sample.cell
    return cell.device, cell.threads, cell.workload, cell.tier


def threads(count: int) -> str:
    """'1 thread', '2 threads'."""
    return f"{count} thread" + ("s" if count != 1 else "")


class Kind(enum.Enum):
    """Of what a cell is held against."""

    KERNEL = "another kernel"
    BUDGET = "what its locks may be taken"
    HISTORY = "the nights before"
    ITSELF = "what any kernel must stand"
    NOTHING = "measured alone"


@dataclass(frozen=True)
class Base:
    """What a cell is held against."""

    kind: Kind
    name: str                              # for people; of a kernel, its name

    def __str__(self) -> str:
        return self.name


BUDGET = Base(Kind.BUDGET, "its lock budget")
HISTORY = Base(Kind.HISTORY, "its history")
ITSELF = Base(Kind.ITSELF, "torture")
ALONE = Base(Kind.NOTHING, "")


@dataclass(frozen=True)
class CellResult:
    """One test kernel on one device, thread count and tier, held against something."""

    base: Base
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
    machine: str = ""                      # simulated, that its figures are of; '': this host

    @property
    def alone(self) -> bool:
        """Whether it is held against nothing."""
        return self.base.kind is Kind.NOTHING

    @property
    def on(self) -> str:
        """After the tier, wherever it stands: ' on a simulated haswell-ep-2s'."""
        return simulated([self.machine])

    @property
    def measured_by(self) -> str:
        """The tier, for people."""
        return self.tier + self.on

    @property
    def title(self) -> str:
        """'6.1:batched against 6.1:vanilla'."""
        return self.test if self.alone else f"{self.test} against {self.base}"


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
    findings: tuple[str, ...] = ()         # against a kernel, in words; `warnings` begin with them

    def over_budget(self) -> list[str]:
        """Every lock that is taken more often than its budget allows, a line each."""
        return [f"over budget: {cell.test} on {cell.device}, {threads(cell.threads)}: "
                f"{told(metric)}"
                for cell in self.cells if cell.base.kind is Kind.BUDGET
                for metric in cell.metrics if metric.verdict == Verdict.REGRESSED]


def as_data(cell: CellResult) -> dict[str, Any]:
    """For programs: what a cell is held against by its name."""
    data = {**dataclasses.asdict(cell), "base": cell.base.name}
    if not cell.machine:
        del data["machine"]
    return data
