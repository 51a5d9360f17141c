# SPDX-License-Identifier: GPL-2.0-only
"""What one lock class's rows and call sites in /proc/lock_stat say."""
from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Numbers:
    """One row: how one class was taken in one mode.  Times in microseconds.

    None: the kernel printed no time that could be read.
    """

    contentions: int
    acquisitions: int
    wait_total: float | None
    hold_total: float | None
    hold_min: float | None


@dataclass(frozen=True)
class CallSite:
    count: int
    address: str              # as printed: hashed unless no_hash_pointers
    symbol: str               # 'add_to_swap_cache+0x16e/0x310'

    @property
    def function(self) -> str:
        return self.symbol.split("+")[0].split(" ")[0]


@dataclass(frozen=True)
class LockClass:
    name: str                 # as printed, cut and numbered, without '-R' or '-W'; may be ''
    write: Numbers | None
    read: Numbers | None
    waiters: tuple[CallSite, ...] = ()
    holders: tuple[CallSite, ...] = ()

    @property
    def rows(self) -> tuple[Numbers, ...]:
        return tuple(row for row in (self.write, self.read) if row is not None)

    @property
    def acquisitions(self) -> int:
        return sum(row.acquisitions for row in self.rows)

    @property
    def contentions(self) -> int:
        return sum(row.contentions for row in self.rows)

    @property
    def hold_total(self) -> float | None:
        return total(row.hold_total for row in self.rows)

    @property
    def wait_total(self) -> float | None:
        return total(row.wait_total for row in self.rows)


def total(times: Iterable[float | None]) -> float | None:
    """Their sum; None where one of them is not known."""
    known = list(times)
    return None if None in known else math.fsum(time for time in known if time is not None)
