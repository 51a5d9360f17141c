# SPDX-License-Identifier: GPL-2.0-only
"""An experiment's [instruments]: which tools its guests run beside the load."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from runner.instruments import ndctl, pressure
from runner.tomlfile import Table

#: Tiers whose boots carry instruments; the others count what a tool would disturb.
TIERS = ("exact", "timed")
#: What perf does beside the load.
PERF = ("profile", "locks")


@dataclass(frozen=True)
class Instruments:
    fio: bool = False
    perf: tuple[str, ...] = ()       # of PERF
    ndctl: str = ""                  # one of ndctl.MODES
    noise: tuple[str, ...] = ()      # stress-ng's command line, beside the load
    load: bool = False               # stress-ng is the load

    @property
    def programs(self) -> tuple[str, ...]:
        """Tools that the guest needs, by name."""
        return (*("fio",) * self.fio, *("perf",) * bool(self.perf),
                *("ndctl",) * bool(self.ndctl),
                *(pressure.PROGRAM,) * bool(self.noise or self.load))


def read(table: Table, tiers: Iterable[str], devices: Iterable[str], load: str) -> Instruments:
    """UsageError with file, line and key for what is not right."""
    found = Instruments(table.boolean("fio", False), tuple(table.texts("perf", [], PERF)),
                        table.text("ndctl", "", ndctl.MODES),
                        pressure.arguments(table, pressure.PROGRAM), load == pressure.PROGRAM)
    if "locks" in found.perf and "exact" in tiers:
        table.complain("perf", "locks: one vCPU waits for no lock; take exact out of tiers")
    if found.ndctl and set(devices) != {"pmem"}:
        table.complain("ndctl", "provisions the nvdimm of device pmem; set devices = [\"pmem\"]")
    others = [tier for tier in tiers if tier not in TIERS]
    if found.programs and others:
        table.complain("", f"tools run in the tiers {' and '.join(TIERS)}; take "
                           f"{', '.join(others)} out of tiers")
    table.close()
    return found
