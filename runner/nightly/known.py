# SPDX-License-Identifier: GPL-2.0-only
"""Changes that are known and accepted: a TOML file that people keep, with a reason for each.

    format = 1

    [known.memcg-charge-batching]
    reason = "mm: charge swap in batches; agreed on linux-mm, 2026-11-02"
    night = "2026-11-03"
    metric = "locks.swap_cgroup.*"
"""
from __future__ import annotations

import datetime
import fnmatch
from dataclasses import dataclass
from pathlib import Path

from runner import tomlfile
from runner.judge import tier
from runner.nightly.facts import SeriesKey

#: Where a results folder keeps its own, used where no other file is named.
NAME = "known.toml"


@dataclass(frozen=True)
class Acknowledgement:
    name: str
    reason: str
    first: datetime.date      # nights on which the change may have been found
    last: datetime.date
    kernel: str               # patterns as a shell's
    metric: str
    device: str
    tier: str
    threads: int | None
    up_to: float              # relative change that is covered; a larger one is news

    def covers(self, key: SeriesKey, night: str, change: float) -> bool:
        """Whether a change of `key` by `change` that was found in `night` (ISO 8601) is known."""
        date = datetime.date.fromisoformat(night[:10])
        return (self.first <= date <= self.last and abs(change) <= self.up_to
                and self.of(key))

    def of(self, key: SeriesKey) -> bool:
        return (fnmatch.fnmatchcase(key.kernel, self.kernel)
                and fnmatch.fnmatchcase(key.metric, self.metric)
                and fnmatch.fnmatchcase(key.device, self.device)
                and self.tier in ("*", key.tier) and self.threads in (None, key.threads))


@dataclass(frozen=True)
class Known:
    entries: tuple[Acknowledgement, ...] = ()

    def reason(self, key: SeriesKey, night: str, change: float) -> str:
        """'NAME: REASON' of the first entry that covers a change, '' where it is news."""
        return next((f"{entry.name}: {entry.reason}" for entry in self.entries
                     if entry.covers(key, night, change)), "")

    def since(self, key: SeriesKey, after: str, change: float) -> str:
        """As `reason`, for a change that came somewhen later than the night `after`."""
        start = datetime.date.fromisoformat(after[:10]) if after else datetime.date.min
        return next((f"{entry.name}: {entry.reason}" for entry in self.entries
                     if entry.of(key) and entry.last >= start and abs(change) <= entry.up_to), "")


def load(path: Path) -> Known:
    """Read the file; UsageError with file, line and key for everything that is not right."""
    root = tomlfile.load(path)
    root.integer("format", 1, 1, tomlfile.REQUIRED)
    table = root.table("known")
    root.close()
    return Known(tuple(_entry(table.table(name), name) for name in table.keys()))


def _entry(table: tomlfile.Table, name: str) -> Acknowledgement:
    reason = table.text("reason", tomlfile.REQUIRED)
    text = table.text("night", tomlfile.REQUIRED)
    try:
        night = datetime.date.fromisoformat(text)
    except ValueError:
        table.complain("night", f"{text!r} is not a date such as 2026-11-03, the night the report "
                                "names")
    within = datetime.timedelta(table.integer("within", 0, 365, 1))
    threads = table.integer("threads", 1, 1024, None) if "threads" in table.keys() else None
    acknowledgement = Acknowledgement(
        name, reason, night - within, night + within, table.text("kernel", "*"),
        table.text("metric", "*"), table.text("device", "*"),
        table.text("tier", "*", ("*", *tier.TABLE)), threads,
        table.number("up_to", 0.0, 1000.0, float("inf")))
    table.close()
    return acknowledgement
