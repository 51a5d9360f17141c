# SPDX-License-Identifier: GPL-2.0-only
"""What the model makes of a claim's samples, for the machine the claim is about."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runner import model
from runner.claim.claimfile import Claim, ClaimCell
from runner.claim.judge import Effect, signed
from runner.claim.reasons import THROUGHPUT
from runner.errors import CannotMeasure
from runner.figures import number
from runner.model import Machine, Point, Projection, Ratio
from runner.records import Sample
from runner.results import threads


@dataclass(frozen=True)
class Projected:
    """Of one claim.  Every figure in here is projected, never measured."""

    base: Projection | None = None
    test: Projection | None = None
    effects: Mapping[ClaimCell, Effect] = field(default_factory=dict)
    limits: Mapping[ClaimCell, tuple[str, ...]] = field(default_factory=dict)
    ratios: tuple[Ratio, ...] = ()
    notes: tuple[str, ...] = ()            # what it is of, and what it refuses


def _busiest(side: Projection, point: Point) -> str:
    rate = f"{side.kernel} {number(point.mib_s)} MiB/s"
    lock = max(point.locks, key=lambda one: one.utilisation, default=None)
    if lock is None:
        return f"{rate} and no lock that takes time"
    return (f"{rate}, its busiest lock is {lock.name}, held {lock.utilisation:.0%} of the time and "
            f"waited for in {lock.wait_share:.0%} of all threads' time")


def _limits(base: Projection, test: Projection, cell: ClaimCell) -> tuple[str, ...]:
    old, new = base.at(cell.threads), test.at(cell.threads)
    return tuple(f"projected for {side.machine}: {_busiest(side, point)}"
                 for side, point in ((base, old), (test, new)) if point)


def _notes(machine: Machine, *sides: Projection) -> tuple[str, ...]:
    lines = [f"projected for {machine.name}: {machine.title}; every figure of it has its source in "
             f"{machine.file.name}"]
    for side in sides:
        lines += [f"{side.kernel}: {one}" for one in (side.refusal, side.caution) if one]
    return tuple(lines)


def project(claim: Claim, samples: Sequence[Sample]) -> Projected:
    """Base and test on the claim's machine, past what the model was validated for, too.

    The claim asks for those points, so they are projected, and the notes say which
    they are.  What keeps the model from projecting is a note, not an error: what
    was measured stands without it.
    """
    if not claim.machine:
        return Projected(notes=("nothing is projected: the claim names no machine",))
    cells = [one for one in claim.cells if one.metric == THROUGHPUT]
    try:
        machine = model.machine(claim.machine)
        usable = [one for one in samples if one.cell.device == claim.experiment.devices[0]]
        base, test = (model.project(model.inputs(usable, kernel), machine,
                                    claim.experiment.threads, past_validation=True)
                      for kernel in (claim.base, claim.test))
    except CannotMeasure as error:
        return Projected(notes=(f"nothing is projected: {error}",))
    found = model.ratios(base, test)
    ratios = {one.threads: one for one in found}
    effects = {cell: Effect(ratios[cell.threads].value - 1, ratios[cell.threads].low - 1,
                            ratios[cell.threads].high - 1)
               for cell in cells if cell.threads in ratios}
    more = tuple(f"projected effect with {threads(count)}: {signed(one.value - 1)} "
                 f"({signed(one.low - 1)} to {signed(one.high - 1)})"
                 for count, one in ratios.items())
    return Projected(base, test, effects, {cell: _limits(base, test, cell) for cell in cells},
                     found, _notes(machine, base, test) + more)
