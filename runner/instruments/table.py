# SPDX-License-Identifier: GPL-2.0-only
"""An experiment's [instruments]: which tools its guests run beside the load."""
from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from runner.instruments import ndctl, pressure
from runner.swapareas import is_one
from runner.tomlfile import Table

#: What perf does beside the load.
PERF = ("profile", "locks")


@dataclass(frozen=True)
class Instruments:
    fio: bool = False
    perf: tuple[str, ...] = ()       # of PERF
    ndctl: str = ""                  # one of ndctl.MODES
    noise: tuple[str, ...] = ()      # stress-ng's command line, beside the load
    load: tuple[str, ...] = ()       # tools that the load runs

    @property
    def programs(self) -> tuple[str, ...]:
        """Tools that the guest needs, by name."""
        own = (*("fio",) * self.fio, *("perf",) * bool(self.perf), *("ndctl",) * bool(self.ndctl),
               *(pressure.PROGRAM,) * bool(self.noise))
        return tuple(dict.fromkeys((*own, *self.load)))


@dataclass(frozen=True)
class Tiers:
    """Names of tiers, by what instruments can do in them."""

    able: Sequence[str]              # whose boots can carry tools, of all there are
    others: Sequence[str]            # of the experiment's: they count what a tool would disturb
    alone: Sequence[str]             # of the experiment's: nobody waits for a lock in them


def read(table: Table, tiers: Tiers, devices: Iterable[str],
         load: tuple[str, ...] = ()) -> Instruments:
    """UsageError with file, line and key for what is not right; `load`: tools it runs."""
    instruments = Instruments(table.boolean("fio", False), tuple(table.texts("perf", [], PERF)),
                              table.text("ndctl", "", ndctl.MODES),
                              pressure.arguments(table, pressure.PROGRAM), load)
    if "locks" in instruments.perf and tiers.alone:
        table.complain("perf", "locks: one vCPU waits for no lock; take "
                               f"{', '.join(tiers.alone)} out of tiers")
    if instruments.ndctl and set(devices) != {"pmem"}:
        table.complain("ndctl", "provisions the nvdimm of device pmem; set devices = [\"pmem\"]")
    for device in devices if instruments.fio else ():
        if not is_one(device):
            table.complain("fio", f"measures one swap device, not {device}; take one of them")
    if instruments.programs and tiers.others:
        table.complain("", f"tools run in the tiers {' and '.join(tiers.able)}; take "
                           f"{', '.join(tiers.others)} out of tiers")
    table.close()
    return instruments
