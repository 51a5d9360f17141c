# SPDX-License-Identifier: GPL-2.0-only
"""Loads: what swaps, each kind a file.

TABLE is the one place that lists them; docs/loads.md says how to add one.
"""
from __future__ import annotations

from collections.abc import Iterable

from runner.load.stressng import StressNg
from runner.load.swapstorm import Swapstorm
from runner.load.workload import Load, Machine, Workload
from runner.tomlfile import Table

#: By name, the usual one first.
TABLE: dict[str, Load] = {one.name: one for one in (Swapstorm(), StressNg())}


def find(name: str) -> Load:
    return TABLE[name]


def read(work: Table, threads: Iterable[int], machine: Machine, usual: float = 0.0) -> Workload:
    """An experiment's [workload], by the load that its program names; see Load.read."""
    return TABLE[work.text("program", "swapstorm", tuple(TABLE))].read(work, threads, machine,
                                                                       usual)
