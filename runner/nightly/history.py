# SPDX-License-Identifier: GPL-2.0-only
"""The history of a results folder: series, their nights and their changes of level."""
from __future__ import annotations

import dataclasses
import json
import sqlite3
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.errors import printable
from runner.judge import tier
from runner.nightly import changes, indexfile, known, schema
from runner.nightly.changes import Rule
from runner.nightly.facts import SeriesKey
from runner.nightly.known import Known
from runner.nightly.retention import Aged
from runner.progress import Progress

__all__ = ["ChangePoint", "History", "Night", "Series", "SeriesKey", "Settings", "read"]

#: Nights looked at: what came before them is settled, and permutations cost their square.
WINDOW = 400
#: Verdicts of nights nobody wants to look at again.
_DULL = ("equivalent", "improved", "inconclusive")


@dataclass(frozen=True)
class Settings:
    """How changes are told from noise; nightly.toml's [history]."""

    fence: float = Rule.fence
    alpha: float = Rule.alpha


@dataclass(frozen=True)
class Night:
    """One campaign's figure of one series."""

    date: str                 # UTC, ISO 8601: when the campaign began
    campaign: str             # its folder below the results folder
    kernel: str               # as booted: 'git:/src/linux@<commit>:vanilla'
    release: str              # 'uname -r'
    commit: str               # of a kernel out of git; else ''
    key: str                  # of the kernel in the cache
    value: float              # median of its boots
    interval: tuple[float, float] | None   # least and most of its boots; None: one boot
    boots: int
    verdict: str              # that night's gate said; '' where there was none
    evidence: str             # folder of its first boot, in the campaign; may have been thinned


@dataclass(frozen=True)
class ChangePoint:
    """A change of level."""

    at: int                   # index of the first night of the new level
    before: float             # medians of the levels
    after: float
    change: float             # after / before - 1; 0 where before is 0
    verdict: str              # 'regressed' or 'improved'
    method: str               # 'threshold' or 'e-divisive'
    p: float | None           # of E-divisive's permutation test
    known: str                # 'NAME: REASON' it was acknowledged with; '': it is not


@dataclass(frozen=True)
class Series:
    key: SeriesKey
    nights: tuple[Night, ...]              # oldest first
    changes: tuple[ChangePoint, ...]
    fence: tuple[float, float] | None      # of the present level; None: too few nights
    gated: bool                            # the metric decides; others are for information
    threshold: float | None                # relative change that counts; None: not gated

    def level(self) -> tuple[Night, ...]:
        """The nights since the last change."""
        return self.nights[self.changes[-1].at if self.changes else 0:]


@dataclass(frozen=True)
class History:
    results: Path
    series: tuple[Series, ...]             # gated ones first, then by key
    problems: tuple[str, ...] = field(default=())   # campaigns that cannot be read, a line each


def read(results: Path, acknowledged: Path | None = None, settings: Settings = Settings(),
         progress: Progress | None = None) -> History:
    """Bring the index up to date and read the history.

    `acknowledged` is the file of known changes; without it the folder's own
    known.toml counts, if there is one.
    """
    refreshed = indexfile.refresh(results, progress or Progress())
    own = results / known.NAME
    accepted = known.load(acknowledged) if acknowledged else \
        known.load(own) if own.is_file() else Known()
    with indexfile.opened(results) as connection:
        # One transaction: all series of the same moment.
        connection.execute("BEGIN")
        told = _thresholds(connection)
        every = [_series(key, nights, told.get(key.kernel, {}), accepted, settings)
                 for key, nights in _nights(connection)]
    every.sort(key=lambda series: (not series.gated, series.key))
    return History(results, tuple(every), refreshed.problems)


def _thresholds(connection: sqlite3.Connection) -> dict[str, dict[str, float]]:
    """Kernel that moves -> thresholds its latest campaign declares itself."""
    declared: dict[str, dict[str, float]] = {}
    rows = connection.execute(
        "SELECT DISTINCT series.kernel, campaign.started, campaign.thresholds FROM value "
        "JOIN series ON series.id = value.series JOIN campaign ON campaign.id = value.campaign "
        "ORDER BY campaign.started")
    for kernel, _, thresholds in rows:
        declared[kernel] = json.loads(thresholds)
    return declared


def _nights(connection: sqlite3.Connection) -> Iterable[tuple[SeriesKey, list[Night]]]:
    columns = ", ".join(f"series.{name}" for name in schema.KEYS)
    rows = connection.execute(
        f"SELECT {columns}, campaign.started, campaign.folder, campaign.night, sample.kernel, "
        "sample.release, sample.kernel_key, sample.evidence, value.value FROM value "
        "JOIN series ON series.id = value.series "
        "JOIN sample ON sample.campaign = value.campaign AND sample.number = value.number "
        "JOIN campaign ON campaign.id = value.campaign "
        "WHERE sample.role = 'test' AND sample.valid "
        "ORDER BY series.id, campaign.started, campaign.folder, sample.number")
    groups: dict[SeriesKey, dict[str, list[tuple[str, ...]]]] = {}
    width = len(schema.KEYS)
    for row in rows:
        key = SeriesKey(*row[:width])
        groups.setdefault(key, {}).setdefault(row[width + 1], []).append(row[width:])
    for key, by_campaign in groups.items():
        yield key, [_night(boots) for boots in by_campaign.values()][-WINDOW:]


def _night(boots: list[tuple[str, ...]]) -> Night:
    started, folder, told, kernel, release, built, evidence, _ = boots[0]
    values = [float(boot[-1]) for boot in boots]
    night = json.loads(told) if told else {}
    return Night(started, folder, kernel, release, str(night.get("commit", "")), built,
                 statistics.median(values),
                 (min(values), max(values)) if len(values) > 1 else None, len(values),
                 str(night.get("verdict", "")), evidence)


def threshold_of(key: SeriesKey, declared: dict[str, float]) -> float | None:
    """Relative change of a series that counts; None: it is for information."""
    if not key.better or tier.find(key.tier).counts_locks != key.metric.startswith("locks."):
        return None
    return {**tier.thresholds(), **declared}.get(key.metric)


def _series(key: SeriesKey, nights: list[Night], declared: dict[str, float], accepted: Known,
            settings: Settings) -> Series:
    threshold = threshold_of(key, declared)
    if threshold is None:
        return Series(key, tuple(nights), (), None, False, None)
    own = tier.find(key.tier)
    rule = Rule(threshold, own.floor, settings.fence, settings.alpha)
    values = [night.value for night in nights]
    levels = changes.e_divisive(values, rule) if own.by_clock else changes.steps(values, rule)
    points = tuple(_point(key, nights, level, own.by_clock, accepted) for level in levels)
    start = points[-1].at if points else 0
    return Series(key, tuple(nights), points, changes.fence(values[start:], rule), True, threshold)


def _point(key: SeriesKey, nights: list[Night], level: changes.Change, by_clock: bool,
           accepted: Known) -> ChangePoint:
    change = level.after / level.before - 1 if level.before else 0.0
    worse = (level.after - level.before) * (1 if key.better == "lower" else -1) > 0
    return ChangePoint(level.at, level.before, level.after, change,
                       "regressed" if worse else "improved",
                       "e-divisive" if by_clock else "threshold", level.p,
                       accepted.reason(key, nights[level.at].date, change))


def told(series: Series, change: ChangePoint) -> str:
    """A change in words: when, how far, on which kernel, and whether it is known."""
    night = series.nights[change.at]
    what = night.commit[:12] or night.release or night.kernel
    p = f", p = {change.p:.2g}" if change.p is not None else ""
    accepted = f"; known: {change.known}" if change.known else ""
    return printable(f"{change.verdict} {change.change:+.2%} on {night.date[:10]} ({what}; "
                     f"{change.before:.6g} → {change.after:.6g}{p}){accepted}", 400)


def as_data(series: Series) -> dict[str, Any]:
    """For programs: all of a series."""
    return dataclasses.asdict(series)


def aged(past: History) -> dict[str, list[Aged]]:
    """Per kernel that moves, its nights as retention sees them, oldest first."""
    nights: dict[str, dict[str, tuple[str, bool]]] = {}
    for series in past.series:
        turns = {change.at for change in series.changes}
        for at, night in enumerate(series.nights):
            if not night.verdict:
                continue  # no night of 'swapscale nightly': people throw those away themselves
            mine = nights.setdefault(series.key.kernel, {})
            remarkable = at in turns or night.verdict not in _DULL
            mine[night.campaign] = (night.date, mine.get(night.campaign, ("", False))[1]
                                    or remarkable)
    return {kernel: [Aged(folder, remarkable) for folder, (_, remarkable)
                     in sorted(mine.items(), key=lambda item: (item[1][0], item[0]))]
            for kernel, mine in nights.items()}
