# SPDX-License-Identifier: GPL-2.0-only
"""Projections of kernels on a machine, and where they are refused."""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runner.errors import UsageError
from runner.model import scenario, swapsim
from runner.model.measured import Inputs
from runner.model.machinefile import Machine
from runner.model.scenario import Effort
from runner.model.swapsim import Point


@dataclass(frozen=True)
class Projection:
    """Never shown without the word in `tier`."""

    tier: str                             # 'projected'
    kernel: str
    machine: str
    page_s: float                         # seconds of a page where nobody waits
    saturating_lock: str | None           # largest service demand
    bound_pages_per_s: float | None       # 1 / that demand
    points: tuple[Point, ...]
    refusal: str                          # one line where points are left out; else ''
    caution: str                          # the same where they were asked for all the same

    def at(self, threads: int) -> Point | None:
        return next((one for one in self.points if one.threads == threads), None)


@dataclass(frozen=True)
class Ratio:
    """Test over base in pages/s; the interval pairs runs with the same seed and draw."""

    threads: int
    value: float
    low: float
    high: float


def beyond(points: Sequence[Point], machine: Machine) -> tuple[int, str] | None:
    """The first point that is not covered by a validation, and why; None where all are.

    Up to a lock that saturates in a measurement of this machine the model was
    held against reality.  Where another takes over, nothing was.
    """
    valid = machine.validated
    for place, point in enumerate(points):
        lock = point.saturating
        if lock is not None and lock not in valid.locks:
            was = ", ".join(valid.locks) or "none"
            return place, (
                f"projected: from {point.threads} threads on {lock} saturates, where the model was "
                f"validated on {machine.name} up to {valid.threads} threads with "
                f"{was} saturating ({valid.source})")
    return None


def project(inputs: Inputs, machine: Machine, threads: Sequence[int], *,
            past_validation: bool = False, effort: Effort = Effort()) -> Projection:
    """What `inputs` would do on `machine`, with intervals from seeds and ranges.

    Points from where another lock saturates than was validated are left out,
    and `refusal` says so; with `past_validation` they are there, and `caution`
    says it.
    """
    counts = sorted(set(threads))
    if not counts:
        raise UsageError("projection: no thread counts")
    found = swapsim.run(scenario.text(inputs, machine, counts, effort))
    points, refusal, caution = found.points, "", ""
    if past := beyond(points, machine):
        place, why = past
        if past_validation:
            caution = why
        else:
            points, refusal = points[:place], f"{why}; not projected past that unless told to"
    return Projection(found.tier, inputs.kernel, machine.name, found.page_s,
                      found.saturating_lock, found.bound_pages_per_s, points, refusal, caution)


def ratios(base: Projection, test: Projection) -> tuple[Ratio, ...]:
    """At each thread count that both have; runs with the same seed share the machine drawn."""
    found = []
    for old in base.points:
        new = test.at(old.threads)
        if new is None:
            continue
        value = new.pages_per_s.value / old.pages_per_s.value
        drawn = [value, *(b / a for a, b in zip(old.drawn, new.drawn))]
        found.append(Ratio(old.threads, value, min(drawn), max(drawn)))
    return tuple(found)
