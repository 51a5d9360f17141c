# SPDX-License-Identifier: GPL-2.0-only
"""Lock budgets: how often a kernel may take each lock of the swap-out path per page.

A budget file holds what was once measured; results/README.md documents it.
A measured cell of the locks tier is held against its budget as it is against
a base kernel, but tighter: counts under icount repeat to the last digit.
"""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from runner.asked import Experiment
from runner.judge.figures import MetricResult, Verdict, middle, number
from runner.metrics.lockclass import SWAP_PATH
from runner.records import MIB, Sample

#: A lock may be taken this much more often than its budget says.
SLACK = 0.01
#: … or by this many acquisitions per page, where a hundredth is less.  How full batches
#: are is reclaim's course, which other memory layouts alone move: over eight command
#: lines each, a class that 6.12:batched-more, 6.12:batched and 6.1:batched-more take once
#: per batch varied by at most 0.0005 per page, one taken three times per batch by 0.0013;
#: another initramfs moved the first by 0.0018.  One acquisition more per batch is 0.036.
FLOOR = 0.003

#: What a budget file shows beside what it limits.  The same layouts of 6.12:batched
#: moved page_table by 1.1% and lru by 9.8%: they depend on which pages reclaim
#: happens to look at, so that 1% more says nothing about the kernel.
SHOWN = (*SWAP_PATH, "page_table", "lru")


@dataclass(frozen=True)
class Conditions:
    """What figures must share to be comparable."""

    accelerator: str
    vcpus: int
    ram_mib: int
    swap_mib: int
    ratio: float
    passes: int

    def differs(self, other: Conditions) -> str:
        """'ram_mib 256 instead of 384': how `other` is not this; '' where it is."""
        return ", ".join(f"{name} {value} instead of {mine}" for (name, value), mine in
                         zip(vars(other).items(), vars(self).values()) if value != mine)


@dataclass(frozen=True)
class Place:
    """Which cell a budget is for."""

    kernel: str
    device: str
    threads: int


@dataclass(frozen=True)
class Figures:
    """What was measured in one place, rounded as the file holds it."""

    release: str                           # 'uname -r' of the kernel
    on: str                                # kernel it is held against in tables, '' for none
    patch: str                             # what it has that `on` has not
    pages: int                             # swapped out while locks were counted
    locks: Mapping[str, float]             # acquisitions per page, by class
    instructions: float = 0.0              # per page, exact tier; 0: not measured


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    reason: str
    metrics: tuple[MetricResult, ...] = ()


@dataclass(frozen=True)
class Budget:
    """A budget file, or figures fit to become one."""

    file: Path
    conditions: Conditions | None          # None: the file does not exist yet
    figures: Mapping[Place, Figures] = field(default_factory=dict)
    host: str = ""                         # what measured them, for people
    page: str = ""                         # the page that shows them, below the checkout

    def judge(self, experiment: Experiment, measured: Sequence[Sample]) -> Judgement:
        """Hold the valid samples of one cell of the locks tier against its budget."""
        allowed = self.figures.get(place_of(measured[0]))
        if allowed is None or self.conditions is None:
            return Judgement(Verdict.INCONCLUSIVE, f"has no lock budget in {self.file}; make one "
                             "with './swapscale budget CAMPAIGN --write'")
        if other := self.conditions.differs(conditions(experiment, measured[0])):
            return Judgement(Verdict.INCONCLUSIVE, f"its lock budget is of another setting "
                             f"({other}); measure as {self.file} says")
        taken = {lock: middle(measured, acquisitions(lock)) for lock in SWAP_PATH}
        if unknown := [lock for lock in SWAP_PATH if taken[lock] is None
                       and allowed.locks.get(lock, 0.0) > FLOOR]:
            return Judgement(Verdict.INCONCLUSIVE, f"{', '.join(unknown)}: not counted, and "
                             "nothing proves that the kernel does not take it; build it with "
                             "'./swapscale kernel build'")
        results = tuple(_hold(lock, allowed.locks.get(lock, 0.0), taken[lock] or 0.0)
                        for lock in SWAP_PATH)
        over = [told(result) for result in results if result.verdict == Verdict.REGRESSED]
        under = [told(result) for result in results if result.verdict == Verdict.IMPROVED]
        if over:
            return Judgement(Verdict.REGRESSED, f"over its lock budget: {'; '.join(over)}",
                             results)
        if under:
            return Judgement(Verdict.IMPROVED, "below its lock budget, which can be lowered: "
                             + "; ".join(under), results)
        return Judgement(Verdict.EQUIVALENT, "every lock within its budget", results)


def place_of(sample: Sample) -> Place:
    return Place(sample.cell.kernel, sample.cell.device, sample.cell.threads)


def acquisitions(lock: str) -> str:
    """The metric a budget limits."""
    return f"locks.{lock}.acquisitions_per_page"


def _hold(lock: str, allowed: float, measured: float) -> MetricResult:
    more = measured - allowed
    slack = max(SLACK * allowed, FLOOR)
    verdict = Verdict.REGRESSED if more > slack else \
        Verdict.IMPROVED if more < -slack else Verdict.EQUIVALENT
    return MetricResult(acquisitions(lock), "acquisitions/page", "lower", allowed, measured,
                        measured / allowed - 1 if allowed else None, None, SLACK, verdict,
                        "within its budget" if verdict == Verdict.EQUIVALENT else
                        f"budget ±{SLACK:.0%}")


def told(result: MetricResult) -> str:
    """'swap_device 4.085 per page, budget 4.000 (+2.13%)'."""
    change = f" ({result.change:+.2%})" if result.change is not None else ""
    return (f"{result.name.split('.')[1]} {number(result.test)} per page, budget "
            f"{number(result.base)}{change}")


def conditions(experiment: Experiment, sample: Sample) -> Conditions:
    """What a sample of the locks tier was measured under."""
    guest, work = experiment.guest, experiment.workload
    return Conditions(sample.accelerator, sample.vcpus, guest.ram // MIB, guest.swap // MIB,
                      work.ratio, work.passes)
