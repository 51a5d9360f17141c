# SPDX-License-Identifier: GPL-2.0-only
"""A machine's two unknown figures from its two published ones.

ns_per_instruction follows from the throughput with the fewest threads, the
lines that a hold fetches from the one with the most.  Nothing else is fitted,
and the published figures are of one kernel: what another does is a prediction.
"""
from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

from runner.errors import CannotMeasure
from runner.model import scenario, swapsim
from runner.model.measured import Inputs
from runner.model.machinefile import Figure, Machine, Published
from runner.model.scenario import Effort

#: Good to half a percent here, which is nearer than any input.
QUICK = Effort(seeds=1, pages=60000, warmup=30000)
CLOSE = 1e-3                 # relative: no step more is worth its time
NEAR = 1e-2                  # the most that a result may be off: runs are random
STEPS = 20
MOST_LINES = 16


class Unreachable(CannotMeasure):
    """The published figures do not come out, whatever the unknown ones are."""


def with_figure(machine: Machine, name: str, value: float) -> Machine:
    """The machine with one figure set exactly."""
    figure = dataclasses.replace(machine.figures[name], value=value, low=value, high=value)
    return dataclasses.replace(machine, figures={**machine.figures, name: figure})


def exact(machine: Machine) -> Machine:
    """Every figure at its value, without its range."""
    figures = {name: Figure.exactly(one.value, one.source)
               for name, one in machine.figures.items()}
    return dataclasses.replace(machine, figures=figures)


def _rates(inputs: Inputs, machine: Machine, threads: tuple[int, ...]) -> dict[int, float]:
    plain = dataclasses.replace(inputs, locks=tuple(
        dataclasses.replace(one, hold_low=one.hold, hold_high=one.hold) for one in inputs.locks))
    found = swapsim.run(scenario.text(plain, machine, threads, QUICK))
    return {one.threads: one.pages_per_s.value for one in found.points}


def _solve(rate: Callable[[float], float], wanted: float, low: float, high: float
           ) -> float | None:
    """Where a falling rate takes a value; None where it does not in low..high.

    It may pass the value in a jump, from some pages/s to none at all.

    Regula falsi on the time of a page, which is nearly linear in both unknowns;
    every third step halves, so that it ends where it is not.
    """
    def off(at: float) -> float:
        found = rate(at)
        return wanted / found - 1 if found > 0 else math.inf

    below, above = off(low), off(high)
    if below > 0 or above < 0:
        return None
    best = (low, below)
    for step in range(STEPS):
        if step % 3 == 2 or math.isinf(above):
            middle = (low + high) / 2
        else:
            middle = low + (high - low) * below / (below - above)
        here = off(middle)
        if abs(here) < abs(best[1]):
            best = middle, here
        if abs(here) < CLOSE:
            break
        if here < 0:
            low, below = middle, here
        else:
            high, above = middle, here
    return best[0] if abs(best[1]) < NEAR else None


def speed(inputs: Inputs, machine: Machine, threads: int, pages_per_s: float) -> Machine | None:
    """With the ns per instruction at which `threads` do so many pages; None where none does.

    There is none where the device and the lines between caches alone take longer.
    """
    def rate(ns: float) -> float:
        return _rates(inputs, with_figure(machine, "ns_per_instruction", ns),
                      (threads,))[threads]

    found = _solve(rate, pages_per_s, 1e-2, 1e2)
    return with_figure(machine, "ns_per_instruction", found) if found is not None else None


def _needed(machine: Machine | None, figures: Published, threads: int) -> Machine:
    if machine is None:
        raise Unreachable(f"calibration: {figures.pages_per_s[threads]:.0f} pages/s with "
                          f"{threads} threads do not come out at any speed")
    return machine


def published(inputs: Inputs, machine: Machine, figures: Published) -> Machine:
    """With both unknown figures such that the published ones come out.

    One published figure alone gives the speed.

    Where even holds without any cache line from elsewhere are too slow for the
    many threads, CannotMeasure: then an input is wrong, or the model is.
    """
    few, many = min(figures.pages_per_s), max(figures.pages_per_s)
    plain = exact(machine)
    if few == many:
        return _needed(speed(inputs, plain, few, figures.pages_per_s[few]), figures, few)

    def fitted(lines: float) -> Machine | None:
        return speed(inputs, with_figure(plain, "lines_per_hold", lines), few,
                     figures.pages_per_s[few])

    def rate(lines: float) -> float:
        found = fitted(lines)
        return _rates(inputs, found, (many,))[many] if found else 0.0

    lines = _solve(rate, figures.pages_per_s[many], 0, MOST_LINES)
    if lines is None:
        raise Unreachable(
            f"calibration: {machine.name}: {figures.pages_per_s[many]:.0f} pages/s with {many} "
            f"threads do not come out with 0 to {MOST_LINES} cache lines to a hold: without "
            f"any it is {rate(0):.0f}")
    return _needed(fitted(lines), figures, few)
