# SPDX-License-Identifier: GPL-2.0-only
"""An experiment's [instruments]: which tools its guests run beside the load."""
from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from runner.tomlfile import Table

#: Tiers whose boots carry instruments; the others count what a tool would disturb.
TIERS = ("exact", "timed")


@dataclass(frozen=True)
class Instruments:
    fio: bool = False

    @property
    def programs(self) -> tuple[str, ...]:
        """Tools that the guest needs, by name."""
        return ("fio",) if self.fio else ()


def read(table: Table, tiers: Iterable[str]) -> Instruments:
    """UsageError with file, line and key for what is not right."""
    found = Instruments(table.boolean("fio", False))
    others = [tier for tier in tiers if tier not in TIERS]
    if found.programs and others:
        table.complain("", f"tools run in the tiers {' and '.join(TIERS)}; take "
                           f"{', '.join(others)} out of tiers")
    table.close()
    return found
