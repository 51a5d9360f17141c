# SPDX-License-Identifier: GPL-2.0-only
"""The model held against a campaign's timed tier.

One measured figure gives the machine's speed: that of the first kernel with the
fewest threads.  Every other cell is predicted and set beside what was measured.
"""
from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from runner.errors import CannotMeasure
from runner.model import calibrate
from runner.model.machinefile import Machine
from runner.model.measured import Inputs
from runner.model.projection import project
from runner.model.scenario import Effort
from runner.records import MIB, PAGE_SIZE, Sample

SPEED = "throughput_mib_s"


@dataclass(frozen=True)
class Check:
    """One cell; MiB/s."""

    kernel: str
    threads: int
    boots: int
    measured: float           # median over the boots that count
    low: float                # least and most of them
    high: float
    projected: float
    saturating: str | None    # by the model, at this cell
    calibrates: bool          # its projection is its measurement

    @property
    def off(self) -> float:
        """Projected over measured, less 1."""
        return self.projected / self.measured - 1


def speeds(samples: Iterable[Sample]) -> dict[tuple[str, int], list[float]]:
    """MiB/s of every timed boot that counts, by kernel and threads."""
    found: dict[tuple[str, int], list[float]] = {}
    for one in samples:
        if one.cell.tier == "timed" and not one.invalid and SPEED in one.metrics:
            found.setdefault((one.cell.kernel, one.cell.threads), []).append(
                one.metrics[SPEED].value)
    return found


def validate(inputs: Mapping[str, Inputs], machine: Machine, timed: Sequence[Sample],
             effort: Effort = Effort()) -> tuple[Check, ...]:
    """A check for each cell of `timed` whose kernel is in `inputs`, in their order."""
    measured = speeds(timed)
    cells = sorted((one for one in measured if one[0] in inputs),
                   key=lambda one: (list(inputs).index(one[0]), one[1]))
    if not cells:
        raise CannotMeasure("validation: no valid timed sample of any of the kernels "
                            + ", ".join(inputs))
    first = cells[0]
    wanted = statistics.median(measured[first]) * MIB / PAGE_SIZE
    fitted = calibrate.speed(inputs[first[0]], calibrate.exact(machine), first[1], wanted)
    if fitted is None:
        raise CannotMeasure(f"validation: {machine.name}: no speed gives the {wanted:.0f} pages/s "
                            f"measured of {first[0]} with {first[1]} threads")
    checks = []
    for kernel, threads in cells:
        point = project(inputs[kernel], fitted, (threads,), past_validation=True,
                        effort=effort).points[0]
        values = measured[kernel, threads]
        checks.append(Check(kernel, threads, len(values), statistics.median(values), min(values),
                            max(values), point.mib_s, point.saturating,
                            (kernel, threads) == first))
    return tuple(checks)
