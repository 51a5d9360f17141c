# SPDX-License-Identifier: GPL-2.0-only
"""stress-ng as the load: another program's pressure."""
from __future__ import annotations

from collections.abc import Iterable

from runner.instruments import pressure
from runner.load.workload import REPORTS, Load, Machine, Start, Workload
from runner.tomlfile import Table


class StressNg(Load):
    """Measured from outside by a program of ours, pressure(1)."""

    name = pressure.PROGRAM
    guest_program = "pressure"

    def tools(self, work: Workload) -> tuple[str, ...]:
        return (pressure.PROGRAM,)

    def read(self, work: Table, threads: Iterable[int], machine: Machine, usual: float
             ) -> Workload:
        if "arguments" not in work.keys():
            work.complain("arguments", "missing; it takes stress-ng's, such as "
                                       "'--vm 2 --vm-bytes 220M --vm-keep'")
        words = pressure.arguments(work, "arguments")
        seconds = work.number("seconds", 0.01, 3600.0, 2.0)
        work.close()
        return Workload(self.name, 0.0, 0, False, 0, ("--seconds", f"{seconds:g}", "--", *words))

    def argv(self, work: Workload, start: Start) -> tuple[str, ...]:
        return (f"/bin/{self.guest_program}", *REPORTS, *work.options)
