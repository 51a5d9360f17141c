# SPDX-License-Identifier: GPL-2.0-only
"""What every report shows, computed once: tables of ready texts.

Every text here is one printable line; a format adds only its own escaping.
"""
from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from runner.errors import printable
from runner.instruments import contention, profile
from runner.judge import tier
from runner.judge.figures import Verdict, number, titled
from runner.judge.results import Base, CellResult, Comparison, Kind, threads
from runner.judge.shown import Table, change, interval
from runner.judge.tier.base import Tier
from runner.metrics import backends, letters, steady

#: Shown beside the decisive metrics of the exact and timed tiers; the rest is in the JSON.
COUNTERS = ("pswpout", "pgscan_per_page", "direct_share", "allocstall_per_page",
            "pgmajfault_per_page", "fairness_min_max", "fairness_jain", "device_ceiling_mib_s",
            "device_random_mib_s", "device_instructions_per_page",
            "device_random_instructions_per_page", "swap_efficiency", "lock_waits_per_page",
            "lock_wait_ns_per_page", "profile_samples", profile.COVERAGE)
#: What perf saw in the steady phase: prefix of the metrics, what they are.
TOPS = ((profile.PREFIX, "Kernel functions by their own CPU time"),
        (contention.PREFIX, "Call sites that waited longest for a lock"))
_LONG = 400
_DECIDED = (Verdict.REGRESSED, Verdict.IMPROVED)


@dataclass(frozen=True)
class Line:
    what: str                              # 'exact, 1 thread'
    verdict: str
    reason: str
    why: str


@dataclass(frozen=True)
class Section:
    """One test kernel on one device."""

    title: str
    tables: tuple[Table, ...]
    verdicts: tuple[Line, ...]
    evidence: tuple[str, ...]
    own: tuple[Table, ...] = ()            # of `tables`, those that a tier has to itself


@dataclass(frozen=True)
class View:
    title: str
    verdict: str
    reason: str
    sections: tuple[Section, ...]
    warnings: tuple[str, ...]
    excluded: tuple[str, ...]
    assumptions: tuple[str, ...]
    bisects: tuple[Line, ...] = ()         # which commit; `why` is the bisect's folder
    findings: tuple[str, ...] = ()         # of `warnings`, the first


def _rows(cells: list[CellResult], names: Collection[str]) -> Iterator[tuple[str, ...]]:
    """Of these metrics those for information that are not nothing on both sides."""
    for cell in cells:
        stamp = tier.find(cell.tier).stamp(cell)
        for name in names:
            for metric in cell.metrics:
                if metric.name == name and metric.verdict is None and (metric.base or metric.test):
                    yield (printable(f"{titled(metric.name, metric.unit)} ({cell.tier}{stamp}, "
                                     f"{threads(cell.threads)})"),
                           number(metric.base), number(metric.test), change(metric),
                           interval(metric))


def _behind(cells: list[CellResult], title: str, names: Collection[str]) -> Table | None:
    rows = tuple(_rows(cells, names))
    return Table(title, ("", "base", "test", "change", "interval"), rows) if rows else None


def _speed(cells: list[CellResult]) -> Table | None:
    rows = []
    for cell in cells:
        stamp = tier.find(cell.tier).stamp(cell)
        shown = [metric for metric in cell.metrics
                 if metric.verdict is not None or metric.name in tier.thresholds()]
        shown += [metric for name in COUNTERS for metric in cell.metrics
                  if metric.name == name and metric.verdict is None]
        for metric in shown:
            rows.append((printable(f"{titled(metric.name, metric.unit)} ({cell.tier}{stamp}, "
                                   f"{threads(cell.threads)})"),
                         number(metric.base), number(metric.test), change(metric), interval(metric),
                         metric.verdict or ""))
    return Table("Speed and reclaim", ("", "base", "test", "change", "interval", "verdict"),
                 tuple(rows)) if rows else None


def _top(cell: CellResult, prefix: str, title: str) -> Table | None:
    """What perf found in the steady phase, the largest first."""
    largest = sorted((metric for metric in cell.metrics if metric.name.startswith(prefix)),
                     key=lambda metric: (-max(metric.base or 0.0, metric.test or 0.0), metric.name))
    rows = tuple((printable(metric.name.removeprefix(prefix), 80), number(metric.base),
                  number(metric.test), change(metric)) for metric in largest)
    return Table(f"{title} ({cell.measured_by}, {threads(cell.threads)})",
                 ("function", "base", "test", "change"), rows) if rows else None


def _budget(cell: CellResult) -> Table | None:
    rows = tuple((printable(metric.name.split(".")[1], 40), number(metric.base),
                  number(metric.test),
                  change(metric), metric.verdict or "") for metric in cell.metrics)
    return Table(f"Lock acquisitions per swapped-out page ({threads(cell.threads)})",
                 ("lock class", "budget", "measured", "change", "verdict"), rows) if rows else None


def _tables(cells: list[CellResult]) -> Iterator[tuple[Tier, Table]]:
    """What tiers show of their own cells."""
    for name in dict.fromkeys(cell.tier for cell in cells):
        own = tier.find(name)
        yield from ((own, table)
                    for table in own.tables([cell for cell in cells if cell.tier == name])
                    if table)


def _section(cells: list[CellResult]) -> Section:
    own: list[tuple[Tier, Table]] = []
    if cells[0].base.kind is Kind.BUDGET:
        tables = [_budget(cell) for cell in cells]
    else:
        own = list(_tables(cells))
        timed = [cell for cell in cells if cell.base.kind is not Kind.ITSELF
                 and not tier.find(cell.tier).counts_locks]
        tables = [_speed(timed),
                  _behind(timed, "Behind the swap path", backends.NAMES),
                  _behind(timed, "Waiting and coming back", steady.FIGURES),
                  _behind(timed, "The load, and what came after it", letters.NAMES),
                  *(table for _, table in own)]
        tables += [_top(cell, prefix, f"{what}, {tier.find(cell.tier).nanosecond} per swapped-out "
                                      "page") for cell in cells for prefix, what in TOPS]
    # Where locks were counted, the reason names them already.
    verdicts = tuple(
        Line(f"{cell.workload if cell.base.kind is Kind.ITSELF else cell.measured_by}, "
             f"{threads(cell.threads)}", cell.verdict, printable(cell.reason, _LONG),
             printable(cell.why, _LONG)
             if not tier.find(cell.tier).counts_locks and cell.verdict in _DECIDED else "")
        for cell in cells)
    evidence = dict.fromkeys(printable(folder) for cell in cells for folder in cell.evidence)
    return Section(printable(f"{cells[0].title} on {cells[0].device}"),
                   tuple(table for table in tables if table), verdicts, tuple(evidence),
                   tuple(table for of_tier, table in own if of_tier.own_tables))


def build(comparison: Comparison) -> View:
    """The view of a comparison; the same comparison always gives the same view."""
    places: dict[tuple[Base, str, str], list[CellResult]] = {}
    for cell in comparison.cells:
        places.setdefault((cell.base, cell.test, cell.device), []).append(cell)
    excluded = tuple(printable(f"sample {left.number} ({left.label}): {'; '.join(left.reasons)}; "
                               f"see {left.evidence}", _LONG) for left in comparison.excluded)
    tests = ", ".join(comparison.tests)
    title = f"{tests} against {comparison.base}" if tests else \
        ", ".join(dict.fromkeys(cell.test for cell in comparison.cells)) or comparison.base
    return View(printable(title), comparison.verdict,
                printable(comparison.reason, _LONG),
                tuple(_section(cells) for cells in places.values()),
                tuple(printable(warning, _LONG) for warning in comparison.warnings), excluded,
                tuple(printable(assumption, _LONG) for assumption in comparison.assumptions),
                tuple(Line(printable(bisect.regression, _LONG), bisect.state,
                           printable(bisect.said, _LONG), printable(bisect.folder))
                      for bisect in comparison.bisects),
                tuple(printable(finding, _LONG) for finding in comparison.findings))


def bisected(shown: View) -> tuple[str, ...]:
    """A line for each regression that a bisect was to name the commit of."""
    return tuple(f"{bisect.what}: {bisect.verdict}: {bisect.reason}"
                 + (f"; in {bisect.why}" if bisect.why else "") for bisect in shown.bisects)
