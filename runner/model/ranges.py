# SPDX-License-Identifier: GPL-2.0-only
"""How a projected ratio moves over the range of each uncertain input.

Each input is set to either end of its range and the machine calibrated anew, so
the published figures come out in every row: what is left to move is the ratio.
"""
from __future__ import annotations

import concurrent.futures
import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from runner import host
from runner.errors import CannotMeasure
from runner.model import calibrate
from runner.model.measured import Inputs
from runner.model.machinefile import Figure, Machine
from runner.model.projection import project, ratios

#: What calibration settles is no input.
CALIBRATED = ("ns_per_instruction", "lines_per_hold")


@dataclass(frozen=True)
class Setting:
    """One input at one end of its range."""

    base: Inputs
    test: Inputs
    machine: Machine

    def calibrated(self) -> Machine | None:
        """With the published figures coming out, where this machine has any of this kernel.

        None where they do not come out at all: they rule this end of the range out.
        """
        found = self.machine.published
        if found is None or found.kernel != self.base.kernel:
            return calibrate.exact(self.machine)
        try:
            return calibrate.published(self.base, self.machine, found)
        except calibrate.Unreachable:
            return None


@dataclass(frozen=True)
class Row:
    """Test over base in pages/s with one input at its low and at its high end."""

    name: str
    low: float
    high: float
    ratio_low: float | None   # None: the published figures rule this end out
    ratio_high: float | None
    source: str


def _holds(inputs: Inputs, end: str) -> Inputs:
    """All holds at one end; what they do not take is work outside of them."""
    locks = tuple(dataclasses.replace(one, hold=getattr(one, f"hold_{end}"))
                  for one in inputs.locks)
    moved = sum(old.acquisitions * (old.hold - new.hold)
                for old, new in zip(inputs.locks, locks))
    return dataclasses.replace(inputs, locks=locks, reclaim_instructions=max(
        1.0, inputs.reclaim_instructions + moved))


def variations(base: Inputs, test: Inputs, machine: Machine
               ) -> Iterator[tuple[str, Figure, Setting, Setting]]:
    """Name, range, and the setting at its low and its high end, of each uncertain input."""
    for name, figure in machine.figures.items():
        if name not in CALIBRATED and figure.low < figure.high:
            low, high = (Setting(base, test, calibrate.with_figure(machine, name, end))
                         for end in (figure.low, figure.high))
            yield name, figure, low, high
    share = [sum(one.acquisitions * getattr(one, f"hold{end}") for one in base.locks)
             for end in ("", "_low", "_high")]
    low, high = (Setting(_holds(base, end), _holds(test, end), machine) for end in ("low", "high"))
    yield "instructions under locks", Figure(share[0], share[1], share[2], (
        "locks tier: lock-stat's own work for locks taken inside of a hold, twice as dense as on "
        "the average and none")), low, high
    devices = machine.devices
    two = dataclasses.replace(machine, devices=dataclasses.replace(
        devices, count=2 * devices.count))
    yield "devices in use", Figure(devices.count, devices.count, 2 * devices.count,
                                   devices.source), \
        Setting(base, test, machine), Setting(base, test, two)
    half, twice = (dataclasses.replace(machine, memory_mib=size)
                   for size in (machine.memory_mib // 2, 2 * machine.memory_mib))
    yield "memory MiB", Figure(machine.memory_mib, half.memory_mib, twice.memory_mib,
                               machine.memory_source), \
        Setting(base, test, half), Setting(base, test, twice)


def _ratio(setting: Setting, threads: int) -> float | None:
    machine = setting.calibrated()
    if machine is None:
        return None
    old, new = (project(one, machine, (threads,), past_validation=True, effort=calibrate.QUICK)
                for one in (setting.base, setting.test))
    return ratios(old, new)[0].value


def sensitivity(base: Inputs, test: Inputs, machine: Machine, threads: int) -> tuple[Row, ...]:
    """A row for each uncertain input.  Takes some seconds a row: each end is calibrated."""
    found = list(variations(base, test, machine))
    with concurrent.futures.ThreadPoolExecutor(host.cores()) as pool:
        ends = [(pool.submit(_ratio, low, threads), pool.submit(_ratio, high, threads))
                for _, _, low, high in found]
        return tuple(Row(name, figure.low, figure.high, low.result(), high.result(),
                         figure.source)
                     for (name, figure, _, _), (low, high) in zip(found, ends))


def calibration(inputs: Inputs, machine: Machine) -> dict[str, Figure]:
    """What calibration settles, and how far the other inputs' ranges move it."""
    settings = [Setting(inputs, inputs, machine)]
    for _, _, low, high in variations(inputs, inputs, machine):
        settings += [low, high]
    with concurrent.futures.ThreadPoolExecutor(host.cores()) as pool:
        found = [one for one in pool.map(Setting.calibrated, settings) if one is not None]
    if not found:
        raise CannotMeasure(f"calibration: {machine.name}: its published figures do not come out "
                            "anywhere in the ranges of the other inputs")
    figures = {}
    for name in CALIBRATED:
        values = [one.figures[name].value for one in found]
        figures[name] = Figure(values[0], min(values), max(values),
                               machine.figures[name].source)
    return figures
