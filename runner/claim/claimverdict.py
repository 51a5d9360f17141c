# SPDX-License-Identifier: GPL-2.0-only
"""What was published against what was measured, cell by cell.

The comparison of the campaign is taken as it is: no figure is computed here a
second time.  Emulated time decides nothing.
"""
from __future__ import annotations

import enum
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from runner.claim.claimfile import Claim, ClaimCell
from runner.errors import Exit
from runner.judge import stats, tier
from runner.judge.figures import MetricResult, percent, simulated
from runner.judge.figures import Verdict as Compared
from runner.judge.results import Base, CellResult, Comparison, Kind, threads
from runner.judge.tier.base import Tier
from runner.records import Accelerator, Rules, Sample


class Verdict(enum.StrEnum):
    REPRODUCED = "reproduced"
    NOT_REPRODUCED = "not reproduced"
    INCONCLUSIVE = "inconclusive"
    INVALID = "invalid"        # nothing valid was measured


#: Worst first.
EXITS = {Verdict.NOT_REPRODUCED: Exit.REGRESSED, Verdict.INVALID: Exit.CANNOT_MEASURE,
         Verdict.INCONCLUSIVE: Exit.INCONCLUSIVE, Verdict.REPRODUCED: Exit.OK}


@dataclass(frozen=True)
class Effect:
    """A relative change, test over base, with what it is uncertain by."""

    value: float
    low: float
    high: float

    def distance(self, cell: ClaimCell) -> float:
        """From the claimed effect, in the same unit; below 0: less than claimed."""
        return self.value - cell.effect

    def against(self, cell: ClaimCell) -> str:
        """'inside', 'outside' or 'across': where the interval lies in the claimed band."""
        low, high = cell.band
        if low <= self.low and self.high <= high:
            return "inside"
        return "outside" if self.high < low or self.low > high else "across"


@dataclass(frozen=True)
class Measured:
    """One metric of one tier in one place, base against test."""

    tier: str
    accelerator: str
    vcpus: int
    boots: int                             # of each kernel
    unit: str
    base: float | None
    test: float | None
    effect: Effect | None                  # None: no base to divide by, or no interval yet
    machine: str = ""                      # simulated, that it is of; '': this host

    @property
    def emulated(self) -> bool:
        return not self.machine and self.accelerator != Accelerator.KVM

    @property
    def stamp(self) -> str:
        """After a figure: ', emulated' or ' on a simulated haswell-ep-2s'."""
        return simulated([self.machine]) or (", emulated" if self.emulated else "")


@dataclass(frozen=True)
class CellFinding:
    cell: ClaimCell
    verdict: Verdict
    reason: str
    measured: Measured | None              # None: not measured on this host
    limits: tuple[str, ...] = ()           # what keeps the effect from being larger

    @property
    def said(self) -> str:
        """The verdict, with the machine it is about: 'reproduced on a simulated haswell-ep-2s'."""
        return self.verdict + (simulated([self.measured.machine]) if self.measured else "")


@dataclass(frozen=True)
class Findings:
    claim: Claim
    comparison: Comparison
    cells: tuple[CellFinding, ...]
    verdict: Verdict
    reason: str
    exit: Exit
    samples: tuple[Sample, ...]

    @property
    def on(self) -> str:
        """After the verdict: the simulated machines that it is about."""
        return simulated(cell.measured.machine for cell in self.cells
                         if cell.measured and cell.verdict == self.verdict)

    @property
    def host(self) -> Mapping[str, str]:
        """What the first sample that counts ran on."""
        return next((sample.host for sample in self.samples if not sample.invalid), {})


def rules(claim: Claim) -> Rules:
    """The experiment's rules; a claimed metric without a threshold gets its tolerance.

    The timed tier computes an interval for those that have one alone.
    """
    own = claim.experiment.rules
    more = {cell.metric: cell.tolerance for cell in claim.cells
            if cell.metric not in tier.thresholds()}
    return replace(own, thresholds={**more, **own.thresholds})


def signed(share: float) -> str:
    """0.25 as '+25%', -0.013 as '-1.3%'."""
    return f"{100 * share:+.3g}%"


def points(share: float) -> str:
    """A difference of two percentages: '-17 points'."""
    return f"{100 * share:+.3g} points"


def place(comparison: Comparison, claim: Claim, cell: ClaimCell, name: str) -> CellResult | None:
    """What the campaign found in the claim's place, in one tier."""
    return next((held for held in comparison.cells
                 if (held.base, held.test, held.device, held.threads, held.tier)
                 == (Base(Kind.KERNEL, claim.base), claim.test, cell.device, cell.threads, name)),
                None)


def measured(cell: CellResult, metric: str) -> Measured | None:
    result = next((other for other in cell.metrics if other.name == metric), None)
    if result is None:
        return None
    return Measured(cell.tier, cell.accelerator, cell.vcpus,
                    min(cell.base_samples, cell.test_samples), result.unit, result.base,
                    result.test, _effect(result, tier.find(cell.tier)), cell.machine)


def _effect(result: MetricResult, own: Tier) -> Effect | None:
    if result.change is None or not math.isfinite(result.change):
        return None
    if result.interval:
        return Effect(result.change, *result.interval)
    return None if own.paired else Effect(result.change, result.change, result.change)


def _against(effect: Effect, cell: ClaimCell) -> str:
    low, high = cell.band
    span = signed(effect.value) if effect.low == effect.high \
        else f"{signed(effect.value)} ({signed(effect.low)} to {signed(effect.high)})"
    return (f"{span} measured, {signed(cell.effect)} claimed (band {signed(low)} to "
            f"{signed(high)}): {points(effect.distance(cell))}")


def _decide(cell: ClaimCell, held: CellResult, got: Measured, minimum: int
            ) -> tuple[Verdict, str]:
    own = tier.find(got.tier)
    enough = max(minimum, stats.fewest_pairs())
    if got.effect is None or (own.paired and got.boots < enough):
        return Verdict.INCONCLUSIVE, (
            f"{got.boots} pair{'s' if got.boots != 1 else ''} cannot decide; it takes at least "
            f"{enough}: raise rules.pairs" if own.paired
            else f"{cell.metric} has no change to judge: base {got.base}, test {got.test}")
    said = _against(got.effect, cell)
    if own.by_clock and got.emulated:
        return Verdict.INCONCLUSIVE, (
            f"emulated: {said}. Time of an emulated guest decides nothing about real hardware; "
            "a host with KVM can decide")
    judged = own.claimed(cell.metric)
    if not own.by_clock and any(metric.name == judged and metric.verdict == Compared.INCONCLUSIVE
                                for metric in held.metrics):
        return Verdict.INCONCLUSIVE, held.reason
    where = got.effect.against(cell)
    if where == "across":
        return Verdict.INCONCLUSIVE, f"the interval reaches over an end of the band: {said}"
    return (Verdict.REPRODUCED if where == "inside" else Verdict.NOT_REPRODUCED), said


def _missing(claim: Claim, cell: ClaimCell) -> str:
    """Why a place was not measured by any tier that may decide it."""
    guest = claim.experiment.guest
    if guest.fit_host and any(cell.threads not in own.threads([cell.threads], guest)
                              for own in tier.asked(cell.tiers)):
        return (f"{cell.threads} threads want {cell.threads} CPUs and this host has {guest.vcpus}: "
                "locks are measured, throughput is not")
    return f"no tier that may decide it ({', '.join(cell.tiers)}) measured {cell.metric} there"


def _judge(claim: Claim, comparison: Comparison, cell: ClaimCell, limits: tuple[str, ...]
           ) -> CellFinding:
    """By the first of the claim's tiers that decides; where none does, the first that measured."""
    spoilt, undecided = "", None
    for name in cell.tiers:
        held = place(comparison, claim, cell, name)
        got = measured(held, tier.find(name).claimed(cell.metric)) if held else None
        if held and got:
            verdict, reason = _decide(cell, held, got, claim.experiment.rules.minimum_pairs)
            made = CellFinding(cell, verdict, reason, got, limits)
            if verdict != Verdict.INCONCLUSIVE:
                return made
            undecided = undecided or made
        if held and held.verdict == Compared.INVALID:
            spoilt = f"{name} tier: {held.reason}"
    if undecided:
        return undecided
    if spoilt:
        return CellFinding(cell, Verdict.INVALID, spoilt, None, limits)
    return CellFinding(cell, Verdict.INCONCLUSIVE, _missing(claim, cell), None, limits)


def judge(claim: Claim, comparison: Comparison, samples: Sequence[Sample],
          limits: Mapping[ClaimCell, tuple[str, ...]]) -> Findings:
    """Every cell of a claim, and what they come to: the worst of them."""
    cells = tuple(_judge(claim, comparison, cell, limits.get(cell, ())) for cell in claim.cells)
    verdict = next(verdict for verdict in EXITS if any(cell.verdict == verdict for cell in cells))
    told = [f"{threads(cell.cell.threads)}: {cell.reason}" for cell in cells
            if cell.verdict == verdict]
    return Findings(claim, comparison, cells, verdict, "; ".join(told), EXITS[verdict],
                    tuple(samples))


def band(cell: ClaimCell) -> str:
    """'+25% ± 10 points'."""
    return f"{signed(cell.effect)} ± {percent(cell.tolerance).rstrip('%')} points"
