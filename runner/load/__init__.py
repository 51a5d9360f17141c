# SPDX-License-Identifier: GPL-2.0-only
"""Loads: what swaps, each kind a file.

TABLE is the one place that lists them; docs/loads.md says how to add one.
"""
from __future__ import annotations

from collections.abc import Iterable

from runner.load.buildload import Build
from runner.load.keyvalue import KeyValue
from runner.load.stressng import StressNg
from runner.load.swapstorm import Swapstorm
from runner.load.workload import Load, Machine, Workload
from runner.tomlfile import Table

#: By name, the usual one first.
TABLE: dict[str, Load] = {load.name: load for load in (Swapstorm(), StressNg(), Build(),
                                                       KeyValue())}


def find(name: str) -> Load:
    return TABLE[name]


def read(work: Table, threads: Iterable[int], machine: Machine, usual: float = 0.0) -> Workload:
    """An experiment's [workload], by the load that its program names; see Load.read."""
    return TABLE[work.text("program", "swapstorm", tuple(TABLE))].read(work, threads, machine,
                                                                       usual)


def lacks(work: Workload, metric: str) -> str:
    """What an experiment's load would have to be, or to say, for its boots to have a metric."""
    having = [load.name for load in TABLE.values() if metric in load.own_metrics]
    if having and work.program not in having:
        return (f"is not of the load {work.program}; set workload.program = "
                + " or ".join(f'"{name}"' for name in having))
    return TABLE[work.program].lacks(work, metric)
